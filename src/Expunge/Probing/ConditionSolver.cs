using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Expunge.Catalog;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Probing;

/// <summary>
/// Finds values that satisfy a table's CHECK constraints and fall into a partition: PostgreSQL evaluates the expressions over candidates, a few for each column, the likeliest first.
/// </summary>
internal sealed class ConditionSolver(NpgsqlConnection connection, ProbeSchema schema, Values values)
{
    // What may be tried together for one group of columns.
    private const int Combinations = 30_000;

    /// <summary>Values for the columns that conditions read. A column that is best left to its default is not among them.</summary>
    /// <param name="table">The table.</param>
    /// <param name="decided">What is decided already.</param>
    /// <param name="n">The row's number.</param>
    /// <param name="distinct">The columns that must differ from row to row.</param>
    /// <param name="cancellation">Cancels it.</param>
    public async Task<Dictionary<string, string?>> SolveAsync(Table table, IReadOnlyDictionary<string, string?> decided, int n, IReadOnlySet<string> distinct, CancellationToken cancellation)
    {
        var found = new Dictionary<string, string?>(StringComparer.Ordinal);
        var columns = schema.ColumnsOf(table).ToDictionary(c => c.Name, StringComparer.Ordinal);
        foreach (var group in Groups(schema.ConditionsOf(table).Concat(OfDomains(columns.Values)), columns))
        {
            foreach (var (column, value) in await SolveAsync(group, columns, decided, n, distinct, cancellation)) found[column] = value;
        }

        return found;
    }

    private async Task<IEnumerable<(string Column, string? Value)>> SolveAsync(
        ImmutableArray<RowCondition> group, Dictionary<string, ProbeColumn> columns, IReadOnlyDictionary<string, string?> decided, int n, IReadOnlySet<string> distinct, CancellationToken cancellation)
    {
        var names = group.SelectMany(c => c.Columns).Distinct(StringComparer.Ordinal).Select(c => columns[c]).ToList();
        var hints = Hints.Of(group.Select(c => c.Expression));
        var candidates = names.Where(c => !c.IsGenerated).Select(c => (Column: c, Values: Candidates(c, decided, n, distinct, hints))).ToList();
        while (candidates.Aggregate(1.0, (product, c) => product * c.Values.Count) > Combinations)
        {
            var longest = candidates.MaxBy(c => c.Values.Count).Values;
            longest.RemoveRange(Math.Max(2, longest.Count * 3 / 4), longest.Count - Math.Max(2, longest.Count * 3 / 4));
        }

        if (candidates.Count == 0 || candidates.TrueForAll(c => c.Values.Count == 1)) return [];
        var parameters = new List<object?>();
        var from = candidates.Select((c, i) => $"(VALUES {string.Join(", ", c.Values.Select((v, o) => $"({o}, {Sql(c.Column, v)})"))}) AS c{i}(\"expunge {i}\", {Identifier.Quote(c.Column.Name)})");
        var sql = $"SELECT ARRAY[{string.Join(", ", candidates.Select((_, i) => $"\"expunge {i}\""))}]::int[] FROM {string.Join(" CROSS JOIN ", from)}"
            // A generated column is computed before the conditions are.
            + string.Concat(names.Where(c => c.IsGenerated).Select((c, i) => $" CROSS JOIN LATERAL (SELECT ({c.Default}) AS {Identifier.Quote(c.Name)}) AS g{i}"))
            + $" WHERE {string.Join(" AND ", group.Select(c => $"({c.Expression}) IS NOT FALSE"))} ORDER BY {string.Join(" + ", candidates.Select((_, i) => $"\"expunge {i}\""))} LIMIT 1";
        await connection.ExecuteAsync("SAVEPOINT expunge_solve", cancellation);
        try
        {
            var chosen = await connection.ListAsync(sql, r => r.GetFieldValue<int[]>(0), cancellation, parameters);
            await connection.ExecuteAsync("RELEASE SAVEPOINT expunge_solve", cancellation);
            return chosen.Count == 0 ? [] : candidates.Zip(chosen[0], (c, o) => (c.Column, Value: c.Values[o])).Where(c => c.Value is not { IsDefault: true }).Select(c => (c.Column.Name, c.Value.Text));
        }
        catch (PostgresException e) when (!SqlStates.IsServerTrouble(e.SqlState))
        {
            // An expression over the whole row, or one that fails on what it does not expect: the row is tried as it is.
            await connection.ExecuteAsync("ROLLBACK TO SAVEPOINT expunge_solve; RELEASE SAVEPOINT expunge_solve", cancellation);
            return [];
        }

        string Sql(ProbeColumn column, Candidate value)
        {
            if (value is { IsDefault: true, Text: null }) return $"({column.Default})::{TypeOf(column.Type)}";
            parameters.Add(value.Text ?? (object)DBNull.Value);
            return $"${parameters.Count}::text::{TypeOf(column.Type)}";
        }
    }

    private List<Candidate> Candidates(ProbeColumn column, IReadOnlyDictionary<string, string?> decided, int n, IReadOnlySet<string> distinct, Hints hints)
    {
        if (decided.TryGetValue(column.Name, out var value)) return [new(value)];
        var candidates = values.Of(column.Type, column.Modifier, n, distinct.Contains(column.Name), hints).Select(v => new Candidate(v)).ToList();
        // A number that a sequence would give is not taken to try it.
        if (column.TakesNumber) return [new("1", IsDefault: true), .. candidates];
        if (!column.NotNull) candidates.Insert(0, new(null));
        if (column.Default is not null && !distinct.Contains(column.Name)) candidates.Insert(0, new(null, IsDefault: true));
        return candidates.Count == 0 ? [new(null)] : candidates;
    }

    // The type under all domains: a value that a domain refuses would end the query; its CHECKs are among the conditions.
    private string TypeOf(uint type) => schema.Types[type] is { Kind: 'd' } domain ? TypeOf(domain.Base) : schema.Types[type].Name;

    private IEnumerable<RowCondition> OfDomains(IEnumerable<ProbeColumn> columns) =>
        from column in columns
        where !column.IsGenerated
        from check in ChecksOf(column.Type)
        select new RowCondition("", Regex.Replace(check, @"\bVALUE\b", _ => Identifier.Quote(column.Name)), [column.Name]);

    private IEnumerable<string> ChecksOf(uint type) => schema.Types.GetValueOrDefault(type) is { Kind: 'd' } domain ? domain.Checks.Concat(ChecksOf(domain.Base)) : [];

    /// <summary>Conditions that share a column belong together, also through a generated one.</summary>
    private static List<ImmutableArray<RowCondition>> Groups(IEnumerable<RowCondition> conditions, Dictionary<string, ProbeColumn> columns)
    {
        var groups = new List<(HashSet<string> Columns, List<RowCondition> Conditions)>();
        foreach (var condition in conditions)
        {
            var reads = condition.Columns.Where(columns.ContainsKey).ToHashSet(StringComparer.Ordinal);
            foreach (var generated in reads.Select(c => columns[c]).Where(c => c.IsGenerated).ToList())
            {
                reads.UnionWith(columns.Keys.Where(c => Regex.IsMatch(generated.Default!, $@"(?<!\w){Regex.Escape(c)}(?!\w)")));
            }

            var mine = (Columns: reads, Conditions: new List<RowCondition> { condition with { Columns = [.. reads] } });
            foreach (var other in groups.Where(g => g.Columns.Overlaps(reads)).ToList())
            {
                mine.Columns.UnionWith(other.Columns);
                mine.Conditions.AddRange(other.Conditions);
                groups.Remove(other);
            }

            groups.Add(mine);
        }

        return [.. groups.Select(g => g.Conditions.ToImmutableArray())];
    }

    private sealed record Candidate(string? Text, bool IsDefault = false);
}
