using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Cli.Tests;

/// <summary>The query that takes a revision back without Expunge.</summary>
public sealed class DocsUndoTests
{
    private const string Definitions =
        """
        SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) || coalesce(obj_description(oid, 'pg_constraint'), '') FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE relnamespace = 'public'::regnamespace
        ORDER BY 1
        """;

    [Fact]
    public async Task The_statements_of_the_page_restore_every_constraint_and_index()
    {
        var query = DocsPages.Marked("undo").Single().Text;
        var before = await ListAsync(await DocsDatabase.CreateAsync(upgraded: false), Definitions);
        var database = await DocsDatabase.CreateAsync(upgraded: true);
        Assert.NotEqual(before, await ListAsync(database, Definitions));

        foreach (var statement in await ListAsync(database, query)) await TestServer.ExecuteAsync(database, statement);

        Assert.Equal(before, await ListAsync(database, Definitions));
    }

    private static async Task<List<string>> ListAsync(string connectionString, string sql)
    {
        await using var connection = await TestServer.OpenAsync(connectionString);
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var rows = new List<string>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken)) rows.Add(reader.GetString(0));
        return rows;
    }
}
