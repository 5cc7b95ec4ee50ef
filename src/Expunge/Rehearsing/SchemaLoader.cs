using System.Text.RegularExpressions;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Rehearsing;

/// <summary>
/// Loads a schema into an empty database: a file of <c>pg_dump --schema-only</c>, or any SQL. What the server lacks is made up where it can't matter (roles, types and functions of extensions), or left out, and
/// named either way.
/// </summary>
public static partial class SchemaLoader
{
    // What extensions' functions give in defaults. Their types are made up as they come.
    private static readonly Dictionary<string, string> StandIns = new(StringComparer.OrdinalIgnoreCase)
    {
        ["uuid-ossp"] = "CREATE FUNCTION public.uuid_generate_v4() RETURNS uuid LANGUAGE sql AS 'SELECT gen_random_uuid()'; CREATE FUNCTION public.uuid_generate_v1() RETURNS uuid LANGUAGE sql AS 'SELECT gen_random_uuid()'; CREATE FUNCTION public.uuid_generate_v1mc() RETURNS uuid LANGUAGE sql AS 'SELECT gen_random_uuid()'",
        ["pgcrypto"] = "CREATE FUNCTION public.gen_random_bytes(n integer) RETURNS bytea LANGUAGE sql AS 'SELECT decode(repeat(md5(random()::text), n / 16 + 1), ''hex'')'",
    };

    /// <summary>Loads it, as a superuser: what works together in one go, the rest statement by statement.</summary>
    /// <param name="database">An empty database that nobody else uses.</param>
    /// <param name="sql">The file's text.</param>
    /// <param name="cancellation">Stops it in between.</param>
    /// <exception cref="ExpungeException">The server can't be reached, or the file holds no statement.</exception>
    public static async Task<LoadedSchema> LoadAsync(Database database, string sql, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        // So that the file's own order is enough: a function may name what comes later.
        await connection.ExecuteAsync("SET check_function_bodies = off", cancellation);
        var (madeUp, leftOut, missing, types) = (new List<string>(), new List<string>(), new List<string>(), new List<string>());
        var statements = SqlScript.Statements(sql).Where(s => !Ignored().IsMatch(s)).ToList();
        if (statements.Count == 0) throw new ExpungeException(ErrorCodes.SchemaUnreadable, "The schema file holds no SQL statement.", "Write it with  pg_dump --schema-only --file=FILE DATABASE");
        foreach (var chunk in statements.Chunk(200))
        {
            if (await TryTogetherAsync(connection, chunk.Select(s => Bare(s, types)), cancellation)) continue;
            foreach (var original in chunk)
            {
                for (var tries = 0; ; tries++)
                {
                    var statement = Bare(original, types);
                    try
                    {
                        await connection.ExecuteAsync(statement, cancellation);
                        break;
                    }
                    catch (PostgresException e) when (!SqlStates.IsServerTrouble(e.SqlState))
                    {
                        if (tries < 50 && await MakeUpAsync(connection, statement, e, madeUp, types, cancellation)) continue;
                        if (Harmless(statement, e)) break;
                        (Essential().IsMatch(statement) ? missing : leftOut).Add($"{Beginning().Match(statement).Value.ReplaceLineEndings(" ").Trim()}: {e.MessageText}");
                        break;
                    }
                }
            }
        }

        await connection.ExecuteAsync("RESET ALL", cancellation);
        return new LoadedSchema(statements.Count, [.. madeUp.Distinct()], [.. leftOut], [.. missing]);
    }

    // A type that is made up takes no modifier.
    private static string Bare(string statement, List<string> types) => types.Aggregate(statement, (text, type) => Regex.Replace(text, $@"(?<!\w){Regex.Escape(type)}\s*\([^()]*\)", type));

    /// <summary>In one round trip, which is one transaction: all of them or none. A schema of 1,000 tables loads in a fifth of the time.</summary>
    private static async Task<bool> TryTogetherAsync(NpgsqlConnection connection, IEnumerable<string> statements, CancellationToken cancellation)
    {
        try
        {
            await using var batch = new NpgsqlBatch(connection) { Timeout = 0 };
            foreach (var statement in statements) batch.BatchCommands.Add(new NpgsqlBatchCommand(statement));
            await batch.ExecuteNonQueryAsync(cancellation);
            return true;
        }
        catch (PostgresException e) when (!SqlStates.IsServerTrouble(e.SqlState))
        {
            return false;
        }
    }

    /// <returns>Whether something was made up, so that the statement can be tried again.</returns>
    private static async Task<bool> MakeUpAsync(NpgsqlConnection connection, string statement, PostgresException e, List<string> madeUp, List<string> types, CancellationToken cancellation)
    {
        if (MissingRole().Match(e.MessageText) is { Success: true } role)
        {
            madeUp.Add($"role {role.Groups[1].Value}");
            return await connection.TryExecuteAsync($"CREATE ROLE {Identifier.Quote(role.Groups[1].Value)} NOLOGIN", cancellation);
        }

        if (MissingType().Match(e.MessageText) is { Success: true } type)
        {
            var name = QualifiedName.Parse(type.Groups[1].Value);
            madeUp.Add($"type {name.Name}, as text");
            types.Add(name.Name);
            return await connection.TryExecuteAsync($"CREATE DOMAIN {name.Sql} AS pg_catalog.text", cancellation);
        }

        if (Extension().Match(statement) is { Success: true } extension && e.SqlState is not PostgresErrorCodes.DuplicateObject)
        {
            madeUp.Add($"extension {extension.Groups[1].Value}");
            if (StandIns.TryGetValue(extension.Groups[1].Value, out var standIn)) await connection.TryExecuteAsync(standIn, cancellation);
        }

        return false;
    }

    // An extension is told of when it is created; schema public is there; a setting or a comment changes no row; what pg_dump --clean drops first was never there.
    private static bool Harmless(string statement, PostgresException e) =>
        Extension().IsMatch(statement) || (Drop().IsMatch(statement) && e.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedObject or PostgresErrorCodes.UndefinedFunction or PostgresErrorCodes.InvalidSchemaName) || statement.StartsWith("SET ", StringComparison.OrdinalIgnoreCase) || statement.StartsWith("COMMENT ON", StringComparison.OrdinalIgnoreCase)
        || (e.SqlState == PostgresErrorCodes.DuplicateSchema && statement.StartsWith("CREATE SCHEMA", StringComparison.OrdinalIgnoreCase));

    // Not for a copy: rows, other databases and servers, whose session it is, transactions, in which one failure would be all, and the guard, which only Expunge's own changes would meet.
    [GeneratedRegex(@"^\s*(COPY|INSERT|BEGIN\s*$|BEGIN\s+TRANSACTION|START\s+TRANSACTION|COMMIT|ROLLBACK|END\s*$|(CREATE|ALTER|DROP)\s+(DATABASE|TABLESPACE|SUBSCRIPTION|PUBLICATION|SERVER|USER\s+MAPPING|SYSTEM)|SET\s+(ROLE|SESSION)|ALTER\s+ROLE|CREATE\s+(ROLE|USER)\b|ALTER\s+DEFAULT\s+PRIVILEGES|GRANT|REVOKE|SECURITY\s+LABEL|DROP\s+(ROLE|USER|OWNED)\b|(CREATE|ALTER)\s+EVENT\s+TRIGGER\s+expunge_guard\b)", RegexOptions.IgnoreCase)]
    internal static partial Regex Ignored();

    [GeneratedRegex(@"^\s*(CREATE\s+(UNLOGGED\s+)?TABLE|CREATE\s+SCHEMA|CREATE\s+TYPE|CREATE\s+DOMAIN|CREATE\s+SEQUENCE|ALTER\s+TABLE\s+.*\b(ADD|ATTACH|INHERIT|COLUMN)\b|CREATE\s+UNIQUE\s+INDEX)", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex Essential();

    [GeneratedRegex(@"^\s*(DROP\b|ALTER\s+TABLE\s+[^,()]*\bDROP\s+CONSTRAINT\b[^,]*$)", RegexOptions.IgnoreCase)]
    private static partial Regex Drop();

    [GeneratedRegex(@"^[^(]{0,100}")]
    private static partial Regex Beginning();

    [GeneratedRegex(@"^role ""(.+)"" does not exist$")]
    private static partial Regex MissingRole();

    [GeneratedRegex(@"^type ""(.+?)(?:\[\])?"" does not exist$")]
    private static partial Regex MissingType();

    [GeneratedRegex(@"^\s*CREATE\s+EXTENSION\s+(?:IF\s+NOT\s+EXISTS\s+)?""?([\w-]+)", RegexOptions.IgnoreCase)]
    private static partial Regex Extension();
}
