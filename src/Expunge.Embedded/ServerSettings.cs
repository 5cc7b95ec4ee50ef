namespace Expunge.Embedded;

/// <summary>The lines that make postgresql.conf. In that file the last line of a name counts.</summary>
internal static class ServerSettings
{
    /// <summary>Disposable, so fast: nothing waits for the disk. Deterministic: UTC whatever the machine's zone.</summary>
    private static readonly string[] s_defaults = ["fsync = off", "synchronous_commit = off", "full_page_writes = off", "TimeZone = 'UTC'", "log_timezone = 'UTC'"];

    /// <summary>The port, chosen at the start, comes after these.</summary>
    private static readonly string[] s_fixed = ["listen_addresses = '127.0.0.1'", "unix_socket_directories = ''", "password_encryption = 'scram-sha-256'"];

    public static IReadOnlyList<string> Lines(IReadOnlyDictionary<string, string> settings) => [.. s_defaults, .. settings.Select(s => Line(s.Key, s.Value)), .. s_fixed];

    private static string Line(string name, string value)
    {
        if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.')) throw new ArgumentException($"'{name}' is no name of a PostgreSQL setting.", nameof(name));
        if (value.AsSpan().IndexOfAny('\n', '\r', '\0') >= 0) throw new ArgumentException($"The value of the setting {name} holds a line break or NUL character.", nameof(value));
        return $"{name} = '{value.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'";
    }
}
