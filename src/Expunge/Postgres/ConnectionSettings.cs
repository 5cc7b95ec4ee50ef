using System.ComponentModel;
using System.Data.Common;
using System.Reflection;
using Npgsql;

namespace Expunge.Postgres;

/// <summary>Which server and database to use: from the command line, <c>EXPUNGE_DATABASE</c> and the variables of libpq.</summary>
public static class ConnectionSettings
{
    // Where libpq looks for the local server: Debian's directory, then PostgreSQL's own default.
    private static readonly string[] SocketDirectories = ["/var/run/postgresql", "/tmp"];

    /// <summary>
    /// Reads a connection string in any of its forms and fills what is missing: from libpq's variables (<c>PGHOST</c>, <c>PGPORT</c>, <c>PGDATABASE</c>,
    /// <c>PGUSER</c>, <c>PGPASSWORD</c>, <c>PGSSLMODE</c>, …), then as libpq does: the local socket or else localhost, the operating system's user, the database of
    /// the user's name. The application name is <c>expunge</c> unless another is given.
    /// </summary>
    /// <param name="database">The value of <c>--database</c>: <c>Host=…;Database=…</c> (Npgsql), <c>postgresql://…</c> or <c>host=… dbname=…</c> (libpq); null or blank for <c>EXPUNGE_DATABASE</c>.</param>
    /// <param name="environment">Gives the value of an environment variable, or null.</param>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.BadConnectionString"/>: something is not understood. The message holds no value of the string.</exception>
    public static NpgsqlConnectionStringBuilder Resolve(string? database, Func<string, string?> environment) => Resolve(database, environment, SocketDirectories);

    internal static NpgsqlConnectionStringBuilder Resolve(string? database, Func<string, string?> environment, IReadOnlyList<string> socketDirectories)
    {
        var (source, text) = string.IsNullOrWhiteSpace(database) ? ("EXPUNGE_DATABASE", environment("EXPUNGE_DATABASE")?.Trim() ?? "") : ("--database", database.Trim());
        var values = LibpqUri.IsUri(text) ? LibpqUri.Parse(text, source) : LibpqKeywords.Parse(text, source);
        var builder = values is null ? FromNpgsql(text, source) : new();
        var settings = (values ?? []).ToDictionary(value => value.Key, value => (value.Value, Source: $"{source}: '{value.Key}'"), StringComparer.Ordinal);

        // A host that was named is not sent elsewhere by an address in the environment.
        var hostIsNamed = settings.ContainsKey("host");
        foreach (var parameter in LibpqParameter.All.Where(parameter => parameter.Variable is not null && !settings.ContainsKey(parameter.Keyword) && !builder.ShouldSerialize(parameter.NpgsqlKey)))
        {
            if (parameter.Keyword == "hostaddr" && hostIsNamed) continue;
            if (environment(parameter.Variable!) is { Length: > 0 } value) settings.Add(parameter.Keyword, (value, parameter.Variable!));
        }

        HostList.Apply(builder, settings);
        foreach (var (keyword, (value, from)) in settings) LibpqParameter.Find(keyword)?.Set(builder, value, from);
        return Complete(builder, socketDirectories);
    }

    /// <summary>The connection for people: <c>user@host:port/database</c>, never with the password.</summary>
    /// <param name="connection">The connection.</param>
    public static string Describe(NpgsqlConnectionStringBuilder connection)
    {
        var user = string.IsNullOrEmpty(connection.Username) ? "" : $"{connection.Username}@";
        return $"{user}{string.Join(',', HostList.Of(connection).Select(HostList.Display))}/{connection.Database}";
    }

    internal static ExpungeException Bad(string source, string what) => new(
        ErrorCodes.BadConnectionString,
        $"{source}: {what}{(what.EndsWith('?') ? "" : ".")}",
        "Write the connection as 'Host=…;Database=…;Username=…', as 'postgresql://user@host:port/database' or as 'host=… dbname=… user=…'.");

    /// <summary>Says which name is unknown, unless it may be a part of a password that was not quoted.</summary>
    internal static ExpungeException Unknown(string source, string name, IEnumerable<string> known, bool hasPassword)
    {
        var hint = Policy.NearestName.Hint(name, known);
        return Bad(source, hint.Length > 0 || !hasPassword ? $"unknown parameter '{name}'{hint}" : "there is an unknown parameter; is a special character of the password not quoted or percent-encoded?");
    }

    private static NpgsqlConnectionStringBuilder FromNpgsql(string text, string source)
    {
        var pairs = new DbConnectionStringBuilder();
        try
        {
            pairs.ConnectionString = text;
        }
        catch (ArgumentException)
        {
            throw Bad(source, "this is not a connection string");
        }

        var builder = new NpgsqlConnectionStringBuilder();
        foreach (string key in pairs.Keys)
        {
            if (!builder.ContainsKey(key)) throw Unknown(source, key, NpgsqlKeys(), text.Contains("password", StringComparison.OrdinalIgnoreCase) || text.Contains("pwd", StringComparison.OrdinalIgnoreCase));
            try
            {
                builder[key] = pairs[key];
            }
            catch (ArgumentException)
            {
                throw Bad(source, $"the value of '{key}' is not understood");
            }
        }

        return builder.Port is >= 1 and <= 65535 ? builder : throw Bad(source, "the port is not a number from 1 to 65535");
    }

    private static IEnumerable<string> NpgsqlKeys() => typeof(NpgsqlConnectionStringBuilder).GetProperties()
        .Select(property => property.GetCustomAttribute<DisplayNameAttribute>(inherit: false)?.DisplayName)
        .OfType<string>();

    private static NpgsqlConnectionStringBuilder Complete(NpgsqlConnectionStringBuilder builder, IReadOnlyList<string> socketDirectories)
    {
        if (string.IsNullOrEmpty(builder.Host)) builder.Host = socketDirectories.FirstOrDefault(directory => File.Exists(Path.Combine(directory, $".s.PGSQL.{builder.Port}"))) ?? "localhost";
        if (string.IsNullOrEmpty(builder.Username)) builder.Username = Environment.UserName;
        if (string.IsNullOrEmpty(builder.Database)) builder.Database = builder.Username;
        if (string.IsNullOrEmpty(builder.ApplicationName)) builder.ApplicationName = "expunge";
        return builder;
    }
}
