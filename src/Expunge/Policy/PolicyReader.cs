using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Expunge.Policy;

/// <summary>Reads a policy file (<c>expunge.yaml</c>; its form is <c>expunge.schema.json</c>).</summary>
public static partial class PolicyReader
{
    internal static ImmutableArray<string> Keys { get; } = ["root", "revision", "name", "default", "require_backup", "grace_period", "max_subjects", "columns", "references", "soft_references", "external", "tables"];

    internal static ImmutableArray<string> Defaults { get; } = ["cascade", "keep"];

    /// <summary>Reads a policy from a file in UTF-8.</summary>
    /// <param name="path">The file's path; it is shown in errors as given.</param>
    /// <exception cref="PolicyException">Something in the file is wrong; the exception names everything that is.</exception>
    /// <exception cref="ExpungeException">The file does not exist (<see cref="ErrorCodes.PolicyNotFound"/>) or can't be read (<see cref="ErrorCodes.PolicyInvalid"/>).</exception>
    public static PolicyFile Load(string path)
    {
        try
        {
            return Read(File.ReadAllText(path, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true)), path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ExpungeException(ErrorCodes.PolicyNotFound, $"The policy file '{path}' does not exist.", "Write one with 'expunge init', or say where it is with --config.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ExpungeException(ErrorCodes.PolicyInvalid, $"The policy file '{path}' can't be read.", "Check that it is a file and that you may read it.", e);
        }
        catch (DecoderFallbackException e)
        {
            throw new ExpungeException(ErrorCodes.PolicyInvalid, $"The policy file '{path}' is not text in UTF-8.", "Save it as UTF-8.", e);
        }
    }

    /// <summary>Reads a policy from its text.</summary>
    /// <param name="yaml">The text.</param>
    /// <param name="path">Where the text comes from, for errors; null when it is not from a file.</param>
    /// <exception cref="PolicyException">Something in the text is wrong; the exception names everything that is.</exception>
    public static PolicyFile Read(string yaml, string? path)
    {
        var errors = new PolicyErrors();
        var policy = YamlComposer.Compose(yaml, errors) is { } node ? Policy(node, errors) : null;
        return policy is not null && errors.All.Count == 0 ? policy with { Path = path } : throw new PolicyException(path, errors.All);
    }

    private static PolicyFile? Policy(YamlNode node, PolicyErrors errors)
    {
        if (errors.Mapping(node, "policy") is not { } mapping) return null;

        // The root comes first wherever it stands: its schema is the one of names without.
        var root = mapping.Entries.FirstOrDefault(entry => entry.Key.Text == "root").Value;
        if (root is null) errors.Add(mapping.Location, "'root' is missing: the table whose rows are the subjects, such as 'root: public.users'");
        var policy = new PolicyFile { Root = (root is null ? null : errors.Table(root, "root", "public")) ?? new("public", "root") };
        var schema = policy.Root.Schema;
        foreach (var (key, value) in mapping.Entries)
        {
            policy = key.Text switch
            {
                "root" => policy,
                "revision" => policy with { Revision = Revision(value, errors) ?? policy.Revision },
                "name" => policy with { Name = errors.Text(value, "name") ?? policy.Name },
                "default" => policy with { Default = Default(value, errors) ?? policy.Default },
                "require_backup" => policy with { RequireBackup = Duration(value, "require_backup", errors) },
                "grace_period" => policy with { GracePeriod = Duration(value, "grace_period", errors) },
                "max_subjects" => policy with { MaxSubjects = Number(value, "max_subjects", errors) },
                "columns" => policy with { Columns = ColumnsReader.Read(value, errors) },
                "references" => policy with { References = ReferenceReader.Read(value, schema, errors) },
                "soft_references" => policy with { SoftReferences = SoftReferenceReader.Read(value, schema, errors) },
                "external" => policy with { External = ExternalReader.Read(value, schema, errors) },
                "tables" => policy with { Tables = TableGroupReader.Read(value, schema, errors) },
                _ => Unknown(key, policy, errors),
            };
        }

        Contradictions(policy, errors);
        return policy;
    }

    private static PolicyFile Unknown(YamlScalar key, PolicyFile policy, PolicyErrors errors)
    {
        errors.AddUnknownKey(key, Keys);
        return policy;
    }

    private static string? Revision(YamlNode node, PolicyErrors errors)
    {
        if (errors.Text(node, "revision") is not { } text) return null;
        if (RevisionForm().IsMatch(text) && text is not ("base" or "head")) return text;
        errors.Add(node.Location, $"'{text}' can't be a revision; use letters, digits, '.', '_' and '-', beginning with a letter or digit, and not 'base' or 'head'");
        return null;
    }

    private static PolicyAction? Default(YamlNode node, PolicyErrors errors)
    {
        if (errors.Text(node, "default") is not { } text) return null;
        if (Defaults.Contains(text)) return PolicyActionWords.Parse(text);
        errors.Add(node.Location, PolicyActionWords.Parse(text) is null
            ? $"unknown action '{text}'{PolicyErrors.Hint(text, Defaults)}"
            : $"'{text}' can't be the default, only {string.Join(" or ", Defaults)}; name the references that it is meant for");
        return null;
    }

    private static int? Number(YamlNode node, string what, PolicyErrors errors)
    {
        if (errors.Text(node, what) is not { } text) return null;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0) return number;
        errors.Add(node.Location, $"'{text}' can't be '{what}'; write a whole number, at least 1");
        return null;
    }

    private static TimeSpan? Duration(YamlNode node, string what, PolicyErrors errors)
    {
        if (errors.Text(node, what) is not { } text) return null;
        if (DurationForm().Match(text) is { Success: true } match)
        {
            var amount = int.Parse(match.Groups["amount"].ValueSpan);
            return match.Groups["unit"].Value switch { "m" => TimeSpan.FromMinutes(amount), "h" => TimeSpan.FromHours(amount), _ => TimeSpan.FromDays(amount) };
        }

        errors.Add(node.Location, $"'{text}' is not a duration; write a whole number and m, h or d, such as 24h");
        return null;
    }

    private static void Contradictions(PolicyFile policy, PolicyErrors errors)
    {
        var references = policy.References.ToDictionary(reference => reference.Key);
        foreach (var soft in policy.SoftReferences)
        {
            var key = new ReferenceKey(soft.Table, [soft.Column]);
            if (!references.TryGetValue(key, out var reference)) continue;
            errors.Add(soft.Location, $"'{key.Display(policy.Root.Schema)}' is a reference in line {reference.Location.Line}; it can't be a soft reference too");
        }
    }

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    private static partial Regex RevisionForm();

    [GeneratedRegex("^(?<amount>[1-9][0-9]{0,5})(?<unit>[mhd])$", RegexOptions.ExplicitCapture)]
    private static partial Regex DurationForm();
}
