using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Probing;

/// <summary>Inserts one row under a savepoint, with values for what is not decided.</summary>
internal sealed class RowInsert(NpgsqlConnection connection, CatalogSnapshot catalog, ProbeSchema schema)
{
    private readonly Values _values = new(schema.Types);
    private readonly ConditionSolver _solver = new(connection, schema, new Values(schema.Types));

    /// <summary>Why a row was refused.</summary>
    /// <param name="Reason">In PostgreSQL's words, without values of rows.</param>
    /// <param name="Duplicate">The columns that must be others for it to be taken; empty where that is not the reason.</param>
    public sealed record Refused(string Reason, ImmutableArray<string> Duplicate);

    /// <returns>Null when it is inserted; the row then has all its values.</returns>
    public async Task<Refused?> TryAsync(ProbeRow row, int number, Fill fill, IReadOnlySet<string> links, CancellationToken cancellation)
    {
        var columns = schema.ColumnsOf(row.Table).ToList();
        var decided = new Dictionary<string, string?>(row.Values, StringComparer.Ordinal);
        var distinct = Distinct(row.Table);
        foreach (var (column, value) in await _solver.SolveAsync(row.Table, decided, number, distinct, cancellation)) decided.TryAdd(column, value);
        if (fill == Fill.AsAnother)
        {
            if (await AnotherAsync(row.Table, columns, cancellation) is not { } another) return new Refused(_lastReason, []);
            foreach (var column in columns.Where(c => !c.IsGenerated && !c.TakesNumber && !links.Contains(c.Name))) decided[column.Name] = row.Values.TryGetValue(column.Name, out var own) ? own : another[column.Name];
        }

        foreach (var column in columns.Where(c => !c.IsGenerated && !decided.ContainsKey(c.Name)))
        {
            // A default that is the same in every row is none where rows must differ.
            var isConstant = column.Default is { } text && !column.TakesNumber && !text.Contains('(', StringComparison.Ordinal) && distinct.Contains(column.Name);
            if (isConstant || (column.Default is null && (column.NotNull || fill == Fill.All)))
            {
                var value = _values.Of(column.Type, column.Modifier, number, distinct.Contains(column.Name), Hints.None).FirstOrDefault();
                if (value is not null) decided[column.Name] = value;
                else if (column.NotNull && column.Default is null) return new Refused(_lastReason = $"nothing is known of the type of {column.Name}, {schema.Types.GetValueOrDefault(column.Type)?.Name ?? "a row type"}, and there is no row to take a value from", []);
            }
        }

        return await ExecuteAsync(row, columns, decided, cancellation);
    }

    private string _lastReason = "";

    private async Task<Refused?> ExecuteAsync(ProbeRow row, List<ProbeColumn> columns, Dictionary<string, string?> decided, CancellationToken cancellation)
    {
        var set = columns.Where(c => decided.ContainsKey(c.Name) && !c.IsGenerated).ToList();
        var into = set.Count == 0 ? "DEFAULT VALUES"
            : $"({Identifier.QuoteAll(set.Select(c => c.Name))}) OVERRIDING SYSTEM VALUE VALUES ({string.Join(", ", set.Select((c, i) => $"${i + 1}::text::{schema.Types[c.Type].Name}"))})";
        await connection.ExecuteAsync("SAVEPOINT expunge_row", cancellation);
        try
        {
            var inserted = await connection.ListAsync(
                $"INSERT INTO {row.Table.Name.Sql} {into} RETURNING ARRAY[{string.Join(", ", columns.Select(c => $"{Identifier.Quote(c.Name)}::text"))}]",
                r => r.GetFieldValue<string?[]>(0), cancellation, [.. set.Select(c => (object?)decided[c.Name])]);
            await connection.ExecuteAsync("RELEASE SAVEPOINT expunge_row", cancellation);
            if (inserted.Count == 0) return new Refused(_lastReason = "a trigger or a rule keeps the row from being inserted", []);
            row.Values = columns.Zip(inserted[0]).ToDictionary(p => p.First.Name, p => p.Second, StringComparer.Ordinal);
            return null;
        }
        catch (PostgresException e) when (!SqlStates.IsServerTrouble(e.SqlState))
        {
            await connection.ExecuteAsync("ROLLBACK TO SAVEPOINT expunge_row; RELEASE SAVEPOINT expunge_row", cancellation);
            _lastReason = $"{e.MessageText} (SQLSTATE {e.SqlState})";
            return new Refused(_lastReason, e.SqlState switch
            {
                PostgresErrorCodes.UniqueViolation => UniqueColumns(row.Table, e.ConstraintName),
                PostgresErrorCodes.ExclusionViolation => schema.ExclusionColumns(row.Table, e.ConstraintName ?? ""),
                // By a domain or a trigger, of a column that may be NULL as far as the catalog says.
                SqlStates.NotNullViolation when e.ColumnName is { } column => [column],
                _ => [],
            });
        }
    }

    /// <summary>Gives columns new values of their own.</summary>
    /// <returns>Whether there was any to give.</returns>
    public bool Renew(ProbeRow row, IEnumerable<string> columns, int number)
    {
        var renewed = false;
        foreach (var column in columns.Select(c => schema.ColumnsOf(row.Table).FirstOrDefault(own => own.Name == c)).OfType<ProbeColumn>().Where(c => !c.IsGenerated).ToList())
        {
            if (_values.Of(column.Type, column.Modifier, number, distinct: true, Hints.None).FirstOrDefault() is not { } value) continue;
            row.Values[column.Name] = value;
            renewed = true;
        }

        return renewed;
    }

    private async Task<Dictionary<string, string?>?> AnotherAsync(Table table, List<ProbeColumn> columns, CancellationToken cancellation)
    {
        var found = await connection.ListAsync(
            $"SELECT ARRAY[{string.Join(", ", columns.Select(c => $"{Identifier.Quote(c.Name)}::text"))}] FROM {table.Name.Sql} LIMIT 1", r => r.GetFieldValue<string?[]>(0), cancellation);
        return found.Count == 0 ? null : columns.Zip(found[0]).ToDictionary(p => p.First.Name, p => p.Second, StringComparer.Ordinal);
    }

    private HashSet<string> Distinct(Table table) => catalog.WithPartitions(table).SelectMany(t => t.Indexes).Where(i => i.IsUnique).SelectMany(i => i.Columns).OfType<string>().ToHashSet(StringComparer.Ordinal);

    private ImmutableArray<string> UniqueColumns(Table table, string? index) =>
        [.. catalog.WithPartitions(table).SelectMany(t => t.Indexes).Where(i => i.Name == index && i.IsUnique).SelectMany(i => i.Columns.Any(c => c is null) ? schema.ColumnsOf(table).Select(c => c.Name) : i.Columns.OfType<string>()).Distinct()];
}
