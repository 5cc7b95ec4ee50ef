using System.Text.RegularExpressions;

namespace Expunge.Postgres;

/// <summary>Reads <c>postgresql://user:password@host:port,host:port/database?parameter=value</c> as libpq does (PostgreSQL docs 34.1.1.2); System.Uri knows no lists of hosts.</summary>
internal static partial class LibpqUri
{
    internal static bool IsUri(string text) => Scheme().IsMatch(text);

    internal static Dictionary<string, string> Parse(string text, string source)
    {
        var match = Form().Match(text);
        if (!match.Success) throw ConnectionSettings.Bad(source, "this is not a connection URI");
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        Put("user", match.Groups["user"].Value);
        Put("password", match.Groups["password"].Value);
        Put("dbname", match.Groups["database"].Value);
        Hosts(match.Groups["hosts"].Value);
        foreach (var pair in match.Groups["parameters"].Value.Split('&', StringSplitOptions.RemoveEmptyEntries)) Parameter(pair.Split('=', 2));
        return values;

        void Put(string keyword, string encoded)
        {
            if (encoded.Length > 0) values[keyword] = Decode(encoded, source);
        }

        void Hosts(string hosts)
        {
            if (hosts.Length == 0) return;

            // A second '@' means that the password holds one: what is behind it must not be taken, and shown, as a host.
            var parts = hosts.Split(',').Select(host => Host().Match(host)).ToList();
            if (parts.Exists(part => !part.Success)) throw ConnectionSettings.Bad(source, "a host or port is not understood; in user and password write '@' as %40, ':' as %3A, '/' as %2F, '?' as %3F");
            Put("host", string.Join(',', parts.Select(part => part.Groups["name"].Value)));
            if (parts.Exists(part => part.Groups["port"].Length > 0)) values["port"] = string.Join(',', parts.Select(part => part.Groups["port"].Length > 0 ? part.Groups["port"].Value : "5432"));
        }

        void Parameter(string[] pair)
        {
            // JDBC's way to say sslmode=require; libpq takes it too.
            if (pair is ["ssl", "true"]) pair = ["sslmode", "require"];
            var keyword = Decode(pair[0], source);
            if (LibpqParameter.Find(keyword) is null) throw ConnectionSettings.Unknown(source, keyword, LibpqParameter.Keywords, text.Contains('@', StringComparison.Ordinal));
            if (pair.Length < 2) throw ConnectionSettings.Bad(source, $"'{keyword}' has no value");
            Put(keyword, pair[1]);
        }
    }

    private static string Decode(string encoded, string source) => BadEscape().IsMatch(encoded)
        ? throw ConnectionSettings.Bad(source, "a '%' is not followed by two hexadecimal digits; write the character '%' as %25")
        : Uri.UnescapeDataString(encoded);

    [GeneratedRegex("^postgres(ql)?://", RegexOptions.ExplicitCapture)]
    private static partial Regex Scheme();

    [GeneratedRegex(@"^postgres(ql)?://((?<user>[^:@/?]*)(:(?<password>[^@/?]*))?@)?(?<hosts>[^/?]*)(/(?<database>[^?]*))?(\?(?<parameters>.*))?$", RegexOptions.ExplicitCapture | RegexOptions.Singleline)]
    private static partial Regex Form();

    [GeneratedRegex(@"^(\[(?<name>[0-9A-Fa-f:.]+(%[^\]]*)?)\]|(?<name>[^:@\[\]]*))(:(?<port>[0-9]*))?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Host();

    [GeneratedRegex("%(?![0-9A-Fa-f]{2})|%00")]
    private static partial Regex BadEscape();
}
