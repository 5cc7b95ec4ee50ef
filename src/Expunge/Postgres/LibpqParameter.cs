using System.Collections.Immutable;
using System.Data.Common;
using Npgsql;

namespace Expunge.Postgres;

/// <summary>A connection parameter of libpq (PostgreSQL docs 34.1.2) and what it is called by Npgsql.</summary>
/// <param name="Keyword">Its name in URIs and keyword strings.</param>
/// <param name="Variable">Its environment variable (34.15); null where Expunge does not read one.</param>
/// <param name="NpgsqlKey">Its name in an Npgsql connection string.</param>
/// <param name="Words">The values it can have, or none when it is free text. Npgsql's are the same without the hyphens.</param>
internal sealed record LibpqParameter(string Keyword, string? Variable, string NpgsqlKey, params ImmutableArray<string> Words)
{
    // Parameters that Npgsql has no equal for (require_auth's form, sslcrl, service, …) are errors, not ignored: some of them are there for safety.
    internal static ImmutableArray<LibpqParameter> All { get; } =
    [
        new("host", "PGHOST", "Host"),
        new("hostaddr", "PGHOSTADDR", "Host"),
        new("port", "PGPORT", "Port"),
        new("dbname", "PGDATABASE", "Database"),
        new("user", "PGUSER", "Username"),
        new("password", "PGPASSWORD", "Password"),
        new("passfile", "PGPASSFILE", "Passfile"),
        new("application_name", "PGAPPNAME", "Application Name"),
        new("connect_timeout", "PGCONNECT_TIMEOUT", "Timeout"),
        new("options", "PGOPTIONS", "Options"),
        new("client_encoding", Variable: null, "Client Encoding"),
        new("sslmode", "PGSSLMODE", "SSL Mode", "disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
        new("sslnegotiation", "PGSSLNEGOTIATION", "SSL Negotiation", "postgres", "direct"),
        new("sslrootcert", "PGSSLROOTCERT", "Root Certificate"),
        new("sslcert", "PGSSLCERT", "SSL Certificate"),
        new("sslkey", "PGSSLKEY", "SSL Key"),
        new("sslpassword", Variable: null, "SSL Password"),
        new("channel_binding", "PGCHANNELBINDING", "Channel Binding", "disable", "prefer", "require"),
        new("gssencmode", "PGGSSENCMODE", "GSS Encryption Mode", "disable", "prefer", "require"),
        new("krbsrvname", "PGKRBSRVNAME", "Kerberos Service Name"),
        new("target_session_attrs", "PGTARGETSESSIONATTRS", "Target Session Attributes", "any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
    ];

    internal static IEnumerable<string> Keywords => All.Select(parameter => parameter.Keyword);

    internal static LibpqParameter? Find(string keyword) => All.FirstOrDefault(parameter => parameter.Keyword == keyword);

    /// <summary>Puts libpq's value into an Npgsql connection. Hosts and ports belong together: <see cref="HostList"/> puts them.</summary>
    internal void Set(NpgsqlConnectionStringBuilder builder, string value, string source)
    {
        if (NpgsqlKey is "Host" or "Port") return;
        if (!Words.IsEmpty && !Words.Contains(value)) throw ConnectionSettings.Bad(source, $"it is one of {string.Join(", ", Words)}");
        if (Keyword == "sslrootcert" && value == "system")
        {
            // The system's certificates, which hold for any host: only the full check means something. Npgsql takes them when it is given none.
            builder.SslMode = SslMode.VerifyFull;
            return;
        }

        try
        {
            builder[NpgsqlKey] = NpgsqlKey == "Target Session Attributes" || Words.IsEmpty ? value : Plain(value);
        }
        catch (ArgumentException)
        {
            throw ConnectionSettings.Bad(source, "its value is not understood");
        }
    }

    /// <summary>The value for libpq of what an Npgsql connection says, or null when it says nothing.</summary>
    internal string? Get(NpgsqlConnectionStringBuilder builder)
    {
        if (!builder.ShouldSerialize(NpgsqlKey) || ((DbConnectionStringBuilder)builder)[NpgsqlKey]?.ToString() is not { Length: > 0 } value) return null;
        return Words.IsEmpty ? value : Words.FirstOrDefault(word => Plain(word).Equals(Plain(value), StringComparison.OrdinalIgnoreCase));
    }

    private static string Plain(string word) => word.Replace("-", "", StringComparison.Ordinal);
}
