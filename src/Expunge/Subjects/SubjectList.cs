using System.Collections.Immutable;
using System.Text.Json;
using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Subjects;

/// <summary>Lists and counts subjects. Only reads, each time in a transaction of its own that takes at most ten seconds a statement.</summary>
public static class SubjectList
{
    /// <summary>How deep a shown <c>json</c> column may be nested; .NET's own limit is 64.</summary>
    public const int MostDepth = 1000;

    /// <summary>The subjects that match, by key.</summary>
    /// <param name="database">The database.</param>
    /// <param name="table">The root and its columns.</param>
    /// <param name="query">Which subjects.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <exception cref="ArgumentOutOfRangeException">Skip or Limit is negative.</exception>
    /// <exception cref="ExpungeException">
    /// <see cref="ErrorCodes.BadId"/>: After or Key is not of the key's type. <see cref="ErrorCodes.SearchTooSlow"/>: it took more than ten seconds. <see cref="ErrorCodes.NoMarkColumn"/>: the policy
    /// has no column that tells the State. <see cref="ErrorCodes.SubjectTableChanged"/>: the root or a column was renamed or dropped. Or the server can't be reached or refuses it.
    /// </exception>
    /// <exception cref="NpgsqlException">The connection broke.</exception>
    public static async Task<ImmutableArray<Subject>> ReadAsync(Database database, SubjectTable table, SubjectQuery query, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(query.Skip, nameof(query));
        ArgumentOutOfRangeException.ThrowIfNegative(query.Limit, nameof(query));
        if (query.After is { } after && !StoredText.CanHold(after)) throw SubjectKeys.Bad(table.Root, table.Key, after);
        var (where, values) = Conditions(table, query);
        var key = $"t.{Identifier.Quote(table.Key.Name)}";
        AddKey(table, where, values, ">", query.After);
        var columns = table.Shown.Select(c => (c.Name, Column: c)).Concat(table.Marks).Select(c => $", t.{Identifier.Quote(c.Column.Name)} AS {Identifier.Quote(c.Name)}");
        var sql = $"SELECT {key}::text, (SELECT to_json(s.*)::text FROM (SELECT {key} AS {ColumnsResolver.Id}{string.Concat(columns)}) s) FROM {table.Root.Sql} t{Where(where)} "
            + $"ORDER BY {key} LIMIT ${values.Count + 1} OFFSET ${values.Count + 2}";
        return await RunAsync(
            database, table, query,
            async connection => (await connection.ListAsync(sql, r => new Subject(r.GetString(0), JsonElement.Parse(r.GetString(1), new JsonDocumentOptions { MaxDepth = MostDepth })), cancellation, [.. values, (long)query.Limit, query.Skip])).ToImmutableArray(),
            none: [], cancellation);
    }

    /// <summary>The keys of the subjects that match, by key and as text; Skip and After make no difference.</summary>
    /// <param name="database">The database.</param>
    /// <param name="table">The root and its columns.</param>
    /// <param name="query">Which subjects.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <exception cref="ExpungeException">As for <see cref="ReadAsync"/>.</exception>
    /// <exception cref="NpgsqlException">The connection broke.</exception>
    public static async Task<ImmutableArray<string>> KeysAsync(Database database, SubjectTable table, SubjectQuery query, CancellationToken cancellation = default)
    {
        var (where, values) = Conditions(table, query);
        var key = $"t.{Identifier.Quote(table.Key.Name)}";
        var sql = $"SELECT {key}::text FROM {table.Root.Sql} t{Where(where)} ORDER BY {key} LIMIT ${values.Count + 1}";
        return await RunAsync(
            database, table, query with { After = null }, async connection => (await connection.ListAsync(sql, r => r.GetString(0), cancellation, [.. values, (long)query.Limit])).ToImmutableArray(), none: [], cancellation);
    }

    /// <summary>How many subjects match; Skip, Limit and After make no difference.</summary>
    /// <param name="database">The database.</param>
    /// <param name="table">The root and its columns.</param>
    /// <param name="query">Which subjects.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <exception cref="ExpungeException">As for <see cref="ReadAsync"/>.</exception>
    /// <exception cref="NpgsqlException">The connection broke.</exception>
    public static async Task<long> CountAsync(Database database, SubjectTable table, SubjectQuery query, CancellationToken cancellation = default)
    {
        var (where, values) = Conditions(table, query);
        return await RunAsync(
            database, table, query with { After = null }, connection => connection.ScalarAsync<long>($"SELECT count(*) FROM {table.Root.Sql} t{Where(where)}", cancellation, values), none: 0, cancellation);
    }

    private static (List<string> Where, List<object?> Values) Conditions(SubjectTable table, SubjectQuery query)
    {
        var where = new List<string>();
        var values = new List<object?>();
        if (query.State is { } state) where.Add(Condition(table, state, query.GracePeriod));
        if (!string.IsNullOrEmpty(query.Search))
        {
            values.Add(query.Search);
            values.Add($"%{query.Search.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("%", @"\%", StringComparison.Ordinal).Replace("_", @"\_", StringComparison.Ordinal)}%");
            // ILIKE refuses a nondeterministic collation, which columns with e-mail addresses like to have.
            var contains = table.Searched.Select(c => $"t.{Identifier.Quote(c.Name)}::text COLLATE pg_catalog.\"default\" ILIKE $2");
            where.Add($"({string.Join(" OR ", contains.Prepend($"t.{Identifier.Quote(table.Key.Name)}::text = $1"))})");
        }

        if (query.Key is { } key && !StoredText.CanHold(key)) throw SubjectKeys.Bad(table.Root, table.Key, key);
        AddKey(table, where, values, "=", query.Key);
        return (where, values);
    }

    // The text is cast, never the key: its index serves.
    private static void AddKey(SubjectTable table, List<string> where, List<object?> values, string compare, string? key)
    {
        if (key is null) return;
        values.Add(key);
        where.Add($"t.{Identifier.Quote(table.Key.Name)} {compare} ${values.Count}::text::{table.Key.Type}");
    }

    private static string Condition(SubjectTable table, SubjectState state, TimeSpan? grace) => state switch
    {
        SubjectState.Active when table.IsActive is { } active => $"t.{Identifier.Quote(active.Name)}",
        SubjectState.Active => $"t.{table.Mark} IS NOT TRUE",
        SubjectState.Marked => $"t.{table.Mark}",
        _ => table.IsDue(grace),
    };

    private static string Where(List<string> conditions) => conditions.Count == 0 ? "" : $" WHERE {string.Join(" AND ", conditions)}";

    private static async Task<T> RunAsync<T>(Database database, SubjectTable table, SubjectQuery query, Func<NpgsqlConnection, Task<T>> read, T none, CancellationToken cancellation)
    {
        if (query.Search is { } search && !StoredText.CanHold(search)) return none;
        await using var connection = await database.OpenAsync(cancellation);
        try
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellation);
            // Row-level security must not hide subjects that marking and deletion find: the server refuses instead.
            await connection.ExecuteAsync("SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = '10s'; SET LOCAL lock_timeout = '3s'; SET LOCAL row_security = off", cancellation);
            return await read(connection);
        }
        catch (PostgresException e) when (!cancellation.IsCancellationRequested)
        {
            throw e.SqlState switch
            {
                SqlStates.QueryCanceled => new ExpungeException(
                    ErrorCodes.SearchTooSlow, $"Going through {table.Root} took more than 10 s and was given up.", "Search for something narrower, or for the key itself; a trigram index on the searched columns makes it fast.", e),
                _ when (query.After ?? query.Key) is { } key && e.SqlState.StartsWith("22", StringComparison.Ordinal) => SubjectKeys.Bad(table.Root, table.Key, key, cause: e),
                _ => table.Refused(e, "the list"),
            };
        }
    }
}
