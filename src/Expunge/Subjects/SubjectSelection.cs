using System.Collections.Immutable;
using System.Text.Json;
using Expunge.Catalog;
using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Subjects;

/// <summary>Finds the subjects to delete by what their rows hold. Only reads.</summary>
public static class SubjectSelection
{
    // What a plan may consist of that reads one table and nothing else (PostgreSQL source, explain.c, ExplainNode). A limit, a join, a union or a function in FROM is more than a condition.
    private static readonly ImmutableHashSet<string> Nodes =
        ["Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan", "Bitmap Index Scan", "BitmapAnd", "BitmapOr", "Tid Scan", "Tid Range Scan", "Append", "Result", "Gather"];

    /// <summary>The subjects that meet a condition on the root.</summary>
    /// <param name="database">The database.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="condition">
    /// An SQL expression over the root's columns, such as <c>last_login &lt; now() - interval '3 years'</c>. PostgreSQL itself checks it, in a read-only transaction: it must stand wherever an expression can, and the plan
    /// must read the root alone.
    /// </param>
    /// <param name="cancellation">Cancels it.</param>
    /// <returns>Their keys as text, in key order.</returns>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.BadCondition"/>: it is none, or one that reads more than the root.</exception>
    public static async Task<ImmutableArray<string>> WhereAsync(Database database, PolicyFile policy, string condition, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var catalog = await database.ReadCatalogAsync(connection, cancellation);
        var root = Decisions.Of(catalog, policy).Reach.Root;
        var relations = catalog.WithPartitions(root).Select(t => t.Name).ToHashSet();
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await connection.ExecuteAsync("SET TRANSACTION READ ONLY; SET LOCAL row_security = off; SET LOCAL statement_timeout = '10min'; SET LOCAL lock_timeout = '3s'", cancellation);
        try
        {
            // In two places, since what closes the one parenthesis to go on with something else can't close both.
            var key = $"t.{Identifier.Quote(SubjectKeys.Column(root).Name)}";
            var where = $"SELECT {key}::text FROM {root.OnlySql} t WHERE (\n{condition}\n)";
            foreach (var statement in new[] { $"SELECT CASE WHEN (\n{condition}\n) THEN 1 END FROM {root.OnlySql} t", where })
            {
                var plan = (await ReadAsync(connection, $"EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) {statement}", cancellation)).Single();
                if (WhyNot(JsonElement.Parse(plan)[0].GetProperty("Plan"), relations, root) is { } why) throw Refused(why, null);
            }

            return [.. await ReadAsync(connection, $"{where} ORDER BY {key}", cancellation)];
        }
        // Class 42: a syntax error, an unknown column or function, not a boolean. 22: a value in it. 25: it writes. 0A, 21: not there, or more than one value. 08: it has a parameter.
        catch (PostgresException e) when (e.SqlState[..2] is "42" or "22" or "25" or "0A" or "21" or "08")
        {
            throw Refused(e.MessageText, e);
        }

        ExpungeException Refused(string why, Exception? cause) => new(
            ErrorCodes.BadCondition, $"'{condition}' is no condition on {root} alone: {why}.", $"Write an expression over its columns, such as  last_login < now() - interval '3 years'  Nothing was changed.", cause);
    }

    /// <summary>The subjects that have been marked for deletion for longer than the policy's grace period.</summary>
    /// <param name="database">The database.</param>
    /// <param name="policy">The policy; without <see cref="PolicyFile.GracePeriod"/> all that are marked.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <returns>Their keys as text, in key order.</returns>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.NoMarkColumn"/>: the policy has no mark, or a grace period and no date to hold it against.</exception>
    public static async Task<ImmutableArray<string>> MarkedAsync(Database database, PolicyFile policy, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var catalog = await database.ReadCatalogAsync(connection, cancellation);
        var table = SubjectTable.Of(catalog, policy);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await connection.ExecuteAsync("SET TRANSACTION READ ONLY; SET LOCAL row_security = off; SET LOCAL statement_timeout = '10min'; SET LOCAL lock_timeout = '3s'", cancellation);
        var key = $"t.{Identifier.Quote(table.Key.Name)}";
        return [.. await ReadAsync(connection, $"SELECT {key}::text FROM {table.Root.Sql} t WHERE {table.IsDue(policy.GracePeriod)} ORDER BY {key}", cancellation)];
    }

    private static string? WhyNot(JsonElement node, HashSet<QualifiedName> relations, Table root)
    {
        var type = node.GetProperty("Node Type").GetString()!;
        if (!Nodes.Contains(type) || Text("Parent Relationship") is "SubPlan" or "InitPlan") return $"PostgreSQL would do more than read it ({(Nodes.Contains(type) ? Text("Parent Relationship") : type)})";
        if (type == "Append" && !root.IsPartitioned) return "PostgreSQL would do more than read it (Append)";
        if (Text("Relation Name") is { } relation && !relations.Contains(new QualifiedName(Text("Schema")!, relation))) return $"it reads {Text("Schema")}.{relation}, too";
        return !node.TryGetProperty("Plans", out var plans) ? null : plans.EnumerateArray().Select(p => WhyNot(p, relations, root)).FirstOrDefault(why => why is not null);

        string? Text(string name) => node.TryGetProperty(name, out var value) ? value.GetString() : null;
    }

    // A batch, since a command would be split at its semicolons; so the server refuses more than one statement.
    private static async Task<List<string>> ReadAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(sql));
        await using var reader = await batch.ExecuteReaderAsync(cancellation);
        var values = new List<string>();
        while (await reader.ReadAsync(cancellation)) values.Add(reader.GetString(0));
        return values;
    }
}
