using Npgsql;

namespace Expunge.Bench;

/// <summary>Users and 100 tables that hang from them: 70 directly, 20 at depth 2, 10 at depth 3; each foreign key with an index and ON DELETE CASCADE.</summary>
internal static class HundredTables
{
    private static readonly (string Name, string Parent)[] Tables =
    [
        .. Enumerable.Range(1, 70).Select(n => ($"child_{n}", "users")),
        .. Enumerable.Range(1, 20).Select(n => ($"grandchild_{n}", $"child_{n}")),
        .. Enumerable.Range(1, 10).Select(n => ($"great_grandchild_{n}", $"grandchild_{n}")),
    ];

    /// <summary>A DELETE for each table and the user, the deepest first; <c>$1</c> is the user.</summary>
    public static IReadOnlyList<string> Statements { get; } =
        [.. Tables.Reverse().Select(t => $"DELETE FROM {t.Name} WHERE parent_id {Of(t.Parent)}"), "DELETE FROM users WHERE id = $1"];

    /// <summary>The tables alone.</summary>
    public static string Schema { get; } = "CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL);\n"
        + string.Concat(Tables.Select(t => $"CREATE TABLE {t.Name} (id integer PRIMARY KEY, parent_id integer NOT NULL REFERENCES {t.Parent} ON DELETE CASCADE, note text NOT NULL);\nCREATE INDEX ON {t.Name} (parent_id);\n"));

    /// <summary>Makes and fills them: every user has about the same number of rows in each table.</summary>
    public static async Task CreateAsync(NpgsqlDataSource source, int users, int rowsPerTable, int unindexed = 0)
    {
        await using var connection = await source.OpenConnectionAsync();
        await RunAsync($"CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL); INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, {users}) n");
        foreach (var (name, parent) in Tables)
        {
            // A parent's rows are as many as the users times rowsPerTable, or the users: a child of each.
            await RunAsync($"CREATE TABLE {name} (id integer PRIMARY KEY, parent_id integer NOT NULL, note text NOT NULL)");
            await RunAsync($"INSERT INTO {name} SELECT n, (n - 1) % {(parent == "users" ? users : users * rowsPerTable)} + 1, 'a note of some length, as notes are' FROM generate_series(1, {users * rowsPerTable}) n");
            await RunAsync($"ALTER TABLE {name} ADD FOREIGN KEY (parent_id) REFERENCES {parent} ON DELETE CASCADE");
            if (unindexed-- <= 0) await RunAsync($"CREATE INDEX ON {name} (parent_id)");
        }

        await RunAsync("VACUUM ANALYZE");

        async Task RunAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync();
        }
    }

    /// <summary>How many rows go with a user.</summary>
    public static async Task<long> RowsOfAsync(NpgsqlDataSource source, int user)
    {
        var sql = $"SELECT 1 + {string.Join(" + ", Tables.Select(t => $"(SELECT count(*) FROM {t.Name} WHERE parent_id {Of(t.Parent)})"))}";
        await using var command = source.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter { Value = user });
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static string Of(string parent) => parent == "users" ? "= $1" : $"IN (SELECT id FROM {parent} WHERE parent_id {Of(Tables.First(t => t.Name == parent).Parent)})";
}
