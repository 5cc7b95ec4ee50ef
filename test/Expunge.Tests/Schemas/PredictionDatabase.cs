using Expunge.Catalog;
using Expunge.Graph;
using Expunge.Postgres;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Tests.Schemas;

/// <summary>A database in which one schema after the other is made, and each of its subjects deleted by PostgreSQL and by the prediction.</summary>
internal sealed class PredictionDatabase : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;

    private PredictionDatabase(NpgsqlConnection connection) => _connection = connection;

    public static async Task<PredictionDatabase> CreateAsync()
    {
        var database = new PredictionDatabase(await TestServer.OpenAsync(await TestServer.EmptyAsync()));
        // A table's rows are found in the order in which they lie there, which the rows in memory have, too.
        await database.ExecuteAsync("SET enable_indexscan = off; SET enable_bitmapscan = off; SET client_min_messages = error");
        return database;
    }

    /// <summary>Fails where a subject's deletion comes out otherwise than predicted, or where the order of triggers mattered and was not said to.</summary>
    /// <param name="sql">The schema and its rows, which are committed first: rows that the deleting transaction wrote are always checked.</param>
    /// <param name="root">The subjects' table, with the key <c>id</c>.</param>
    /// <returns>What comes out, by subject.</returns>
    public async Task<IReadOnlyDictionary<string, string>> DeletionsAreAsPredictedAsync(string sql, QualifiedName root)
    {
        var outcomes = new Dictionary<string, string>(StringComparer.Ordinal);
        await ExecuteAsync(sql);
        var catalog = await CatalogReader.ReadAsync(_connection);
        var rows = await DatabaseRows.ReadAsync(_connection, catalog);
        var defaults = await DefaultsAsync(catalog);
        var prediction = Prediction.Of(catalog, catalog.Table(root));
        foreach (var id in rows.Of(root).Select(r => r["id"]!))
        {
            var predicted = PredictedDeletion.Outcome(catalog, prediction, rows, defaults, id);
            var actual = outcomes[id] = await DeleteAsync(catalog, root, id);
            Assert.True(predicted == actual, $"{id} of {root}\npredicted:\n{Show(predicted)}\nPostgreSQL:\n{Show(actual)}");
            // Who refuses first may be another one.
            var backwards = PredictedDeletion.Outcome(catalog, prediction, rows, defaults, id, backwards: true);
            Assert.True(prediction.Effects.Any(e => e.DependsOnOrder) || predicted == backwards || (IsRefused(predicted) && IsRefused(backwards)), $"{id} of {root}\npredicted:\n{Show(predicted)}\nin the opposite order:\n{Show(backwards)}");
        }

        await ExecuteAsync(string.Concat(catalog.Tables.Select(t => t.Name.Schema).Distinct(StringComparer.Ordinal).Select(s => $"DROP SCHEMA {Identifier.Quote(s)} CASCADE;")) + "CREATE SCHEMA IF NOT EXISTS public");
        return outcomes;

        bool IsRefused(string outcome) => outcome.StartsWith("refused", StringComparison.Ordinal);
        string Show(string outcome) => IsRefused(outcome) ? outcome : CatalogText.Difference(rows.Text(), outcome);
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private async Task<string> DeleteAsync(CatalogSnapshot catalog, QualifiedName root, string id)
    {
        await using var transaction = await _connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand($"DELETE FROM {root.Sql} WHERE id::text = '{id.Replace("'", "''", StringComparison.Ordinal)}'; SET CONSTRAINTS ALL IMMEDIATE; {DatabaseRows.Sql(catalog)}", _connection);
        try
        {
            await using var reader = await command.ExecuteReaderAsync();
            return (await DatabaseRows.ReadAsync(reader, catalog)).Text();
        }
        catch (PostgresException e)
        {
            await transaction.RollbackAsync();
            return PredictedDeletion.Refused(e.SqlState, await DeclaredAsync(catalog, new QualifiedName(e.SchemaName!, e.TableName!), e.ConstraintName ?? e.ColumnName!));
        }
    }

    /// <summary>A foreign key of or to a partition was derived from another one, and has a name of its own.</summary>
    private async Task<string> DeclaredAsync(CatalogSnapshot catalog, QualifiedName table, string name)
    {
        await using var command = new NpgsqlCommand(
            """
            WITH RECURSIVE up AS (
              SELECT c.* FROM pg_constraint c WHERE conrelid = $1::regclass AND conname = $2
              UNION ALL SELECT c.* FROM pg_constraint c JOIN up ON c.oid = up.conparentid)
            SELECT oid FROM up WHERE conparentid = 0
            """, _connection)
        { Parameters = { new() { Value = table.Sql }, new() { Value = name } } };
        if (await command.ExecuteScalarAsync() is uint oid && catalog.ForeignKeys.FirstOrDefault(f => f.Oid == oid) is { } declared) return $"{declared.Table} {declared.Name}";
        return $"{catalog.AncestorsOf(catalog.Table(table)).LastOrDefault(catalog.Table(table))} {name}";
    }

    private async Task<Dictionary<(string Table, string Column), string?>> DefaultsAsync(CatalogSnapshot catalog)
    {
        var expressions = new List<(string Table, string Column, string Sql)>();
        await using (var command = new NpgsqlCommand("SELECT adrelid, attname::text, format('(%s)::%s::text', pg_get_expr(adbin, adrelid), format_type(atttypid, atttypmod)) FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum", _connection))
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                if (catalog.Tables.FirstOrDefault(t => t.Oid == reader.GetFieldValue<uint>(0)) is { } table) expressions.Add((table.ToString(), reader.GetString(1), reader.GetString(2)));
            }
        }

        if (expressions.Count == 0) return [];
        await using var evaluate = new NpgsqlCommand($"SELECT {string.Join(", ", expressions.Select(e => e.Sql))}", _connection);
        await using var values = await evaluate.ExecuteReaderAsync();
        await values.ReadAsync();
        return expressions.Select((e, i) => (e.Table, e.Column, Value: values.IsDBNull(i) ? null : values.GetString(i))).ToDictionary(e => (e.Table, e.Column), e => e.Value);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        await command.ExecuteNonQueryAsync();
    }
}
