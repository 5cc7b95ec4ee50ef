using System.Globalization;
using System.Text;
using System.Xml;
using Expunge.Verification;

namespace Expunge.Cli;

/// <summary>A verification as JUnit's XML, which CI servers show: a test case for each reference and for each finding that is about something else. Errors are failures; warnings are written beside.</summary>
internal static class VerifyJUnit
{
    public static string Write(VerifyReport report)
    {
        var findings = report.Findings.ToLookup(f => f.Object, StringComparer.Ordinal);
        // A reference of a column that leads to two tables has two lines, which findings don't tell apart.
        var references = report.Lines.Select(l => l.Object).ToHashSet(StringComparer.Ordinal);
        var others = report.Findings.Where(f => !references.Contains(f.Object)).ToList();
        var failures = report.Lines.Count(l => findings[l.Object].Any(IsError)) + others.Count(IsError);

        var text = new StringBuilder();
        using (var xml = XmlWriter.Create(text, new XmlWriterSettings { Indent = true, NewLineChars = "\n", OmitXmlDeclaration = true }))
        {
            xml.WriteStartElement("testsuites");
            xml.WriteStartElement("testsuite");
            Attribute(xml, "name", $"expunge verify {report.Root}");
            Attribute(xml, "tests", (report.Lines.Length + others.Count).ToString(CultureInfo.InvariantCulture));
            Attribute(xml, "failures", failures.ToString(CultureInfo.InvariantCulture));
            Attribute(xml, "errors", "0");
            Attribute(xml, "skipped", "0");
            foreach (var line in report.Lines) Case(xml, $"{line.Object} → {line.References}", "references", findings[line.Object]);
            foreach (var finding in others) Case(xml, $"{finding.Code} {finding.Object}", "findings", [finding]);
            xml.WriteEndElement();
            xml.WriteEndElement();
        }

        return $"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{text}\n";
    }

    private static void Case(XmlWriter xml, string name, string kind, IEnumerable<Finding> findings)
    {
        var (errors, warnings) = (findings.Where(IsError).ToList(), findings.Where(f => !IsError(f)).ToList());
        xml.WriteStartElement("testcase");
        Attribute(xml, "classname", $"expunge.verify.{kind}");
        Attribute(xml, "name", name);
        // Readers take one failure a test case.
        if (errors.Count > 0)
        {
            xml.WriteStartElement("failure");
            Attribute(xml, "type", errors[0].Code);
            Attribute(xml, "message", string.Join("; ", errors.Select(f => $"{f.Code} {f.Message}")));
            xml.WriteString(Clean(string.Join('\n', errors.Select(Words))));
            xml.WriteEndElement();
        }

        if (warnings.Count > 0) xml.WriteElementString("system-out", Clean(string.Join('\n', warnings.Select(Words))));
        xml.WriteEndElement();
    }

    private static bool IsError(Finding finding) => finding.Severity == FindingSeverity.Error;

    private static string Words(Finding finding) => $"{finding.Code} {finding.Object}: {finding.Message}\n→ {finding.Repair}";

    private static void Attribute(XmlWriter xml, string name, string value) => xml.WriteAttributeString(name, Clean(value));

    // PostgreSQL's names can hold characters that XML has no way to write.
    private static string Clean(string text)
    {
        var clean = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (XmlConvert.IsXmlChar(text[i])) clean.Append(text[i]);
            else if (i + 1 < text.Length && XmlConvert.IsXmlSurrogatePair(text[i + 1], text[i])) clean.Append(text[i]).Append(text[++i]);
            else clean.Append('\uFFFD');
        }

        return clean.ToString();
    }
}
