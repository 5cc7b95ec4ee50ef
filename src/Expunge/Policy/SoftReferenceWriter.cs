using System.Text;

namespace Expunge.Policy;

/// <summary>Adds entries to <c>soft_references:</c> of a policy that people wrote, and touches nothing else of it.</summary>
public static class SoftReferenceWriter
{
    /// <summary>The text with the new entries at the end of <c>soft_references:</c>, or with that key at its end. All other text stays byte for byte.</summary>
    /// <param name="yaml">The policy's text; it can be read.</param>
    /// <param name="path">Where it comes from, for errors; null when it is not from a file.</param>
    /// <param name="entries">What to add, in order: the column, and the text of a comment behind it. None of them is in the policy yet.</param>
    /// <exception cref="PolicyException">The text can't be read as a policy.</exception>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.PolicyNotAddable"/>: it is written in a way that can't be added to.</exception>
    public static string Add(string yaml, string? path, IReadOnlyCollection<(ReferenceKey Column, string Comment)> entries)
    {
        var before = PolicyReader.Read(yaml, path);
        var top = (YamlMapping)YamlComposer.Compose(yaml, new PolicyErrors())!;
        var newLine = yaml.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        var at = top.Entries.Select(e => e.Key.Text).ToList().IndexOf("soft_references");
        var outer = new string(' ', top.Location.Column - 1);
        var inner = at >= 0 && top.Entries[at].Value is YamlMapping { Entries: [var first, ..] } ? new string(' ', first.Key.Location.Column - 1) : $"{outer}  ";
        var added = string.Concat(entries.Select(e => $"{inner}{PolicyDraft.Scalar(e.Column.Display(before.Root.Schema))}: {SoftReferenceReader.Delete}    # {Line(e.Comment)}{newLine}"));
        var place = at >= 0 ? End(yaml, top, at) : yaml.Length;
        var text = new StringBuilder(yaml[..place]);
        if (place > 0 && yaml[place - 1] != '\n') text.Append(newLine);
        if (at < 0) text.Append(newLine).Append(outer).Append("soft_references:").Append(newLine);
        text.Append(added).Append(yaml, place, yaml.Length - place);
        return text.ToString() is var written && IsSame(before, written, entries) ? written : throw NotAddable(path);
    }

    /// <summary>Adds the entries to a policy file. It is replaced at once, with its permissions; who reads it meanwhile sees the old one or the new one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="entries">What to add.</param>
    /// <exception cref="PolicyException">The file can't be read as a policy.</exception>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.PolicyNotAddable"/>: it is written in a way that can't be added to.</exception>
    /// <exception cref="IOException">It can't be read or written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read or written.</exception>
    public static void AddToFile(string path, IReadOnlyCollection<(ReferenceKey Column, string Comment)> entries)
    {
        // A link stays one. The byte order mark, where there is one, is part of the text.
        var file = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);
        var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
        var text = Add(utf8.GetString(File.ReadAllBytes(file)), path, entries);
        var partial = $"{file}.{Guid.NewGuid():N}.tmp";
        try
        {
            File.WriteAllBytes(partial, utf8.GetBytes(text));
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(partial, File.GetUnixFileMode(file));
            File.Move(partial, file, overwrite: true);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    /// <summary>Where the part ends: before the next key, and before the comments that stand at the margin above that.</summary>
    private static int End(string yaml, YamlMapping top, int at)
    {
        var starts = new List<int> { 0 };
        for (var i = 0; i < yaml.Length; i++)
        {
            if (yaml[i] == '\n') starts.Add(i + 1);
        }

        if (starts[^1] < yaml.Length) starts.Add(yaml.Length);
        var line = Math.Min(starts.Count, at + 1 < top.Entries.Length ? top.Entries[at + 1].Key.Location.Line : starts.Count) - 1;
        while (line > 0 && yaml[starts[line - 1]..starts[line]] is var text && (string.IsNullOrWhiteSpace(text) || text[0] == '#')) line--;
        return starts[line];
    }

    /// <summary>Whether the new text says what the old one did, and the entries.</summary>
    private static bool IsSame(PolicyFile before, string written, IReadOnlyCollection<(ReferenceKey Column, string Comment)> entries)
    {
        try
        {
            var after = PolicyReader.Read(written, before.Path);
            return after.SoftReferences.Select(s => (s.Table, s.Column, s.Enforce)).SequenceEqual(before.SoftReferences.Select(s => (s.Table, s.Column, s.Enforce)).Concat(entries.Select(e => (e.Column.Table, e.Column.Columns[0], false))))
                && (after with { SoftReferences = before.SoftReferences }).Hash == before.Hash
                && (after.Revision, after.Name, after.RequireBackup, after.GracePeriod, after.MaxSubjects, after.Tables.Length) == (before.Revision, before.Name, before.RequireBackup, before.GracePeriod, before.MaxSubjects, before.Tables.Length);
        }
        catch (PolicyException)
        {
            return false;
        }
    }

    private static ExpungeException NotAddable(string? path) => new(
        ErrorCodes.PolicyNotAddable, $"The soft references can't be added to '{path ?? "the policy"}': it is not written as keys with lines below them.",
        "Write 'soft_references:' on a line of its own and each entry on a line below it, or add the entries yourself. Nothing was changed.");

    private static string Line(string comment) => string.Concat(comment.Select(c => char.IsControl(c) ? ' ' : c));
}
