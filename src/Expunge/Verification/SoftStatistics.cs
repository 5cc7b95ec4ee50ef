namespace Expunge.Verification;

/// <summary>What the planner knows of a column's values: it read 30,000 rows when the table was last analyzed, and to look is free.</summary>
/// <param name="Values">Different values as text: the most common ones and the bounds of the histogram. Empty where all were NULL.</param>
internal sealed record SoftStatistics(IReadOnlyCollection<string> Values)
{
    private static readonly string Query =
        $"""
        SELECT c.n::int, ARRAY(SELECT {SoftSample.Short("v")} FROM unnest(coalesce(s.most_common_vals::text::text[], '{"{}"}') || coalesce(s.histogram_bounds::text::text[], '{"{}"}')) v WHERE v IS NOT NULL)
          FROM unnest($1::text[], $2::text[], $3::text[], $4::boolean[]) WITH ORDINALITY AS c(schema, name, col, inherited, n)
          JOIN pg_catalog.pg_stats s ON s.schemaname = c.schema AND s.tablename = c.name AND s.attname = c.col AND s.inherited = c.inherited
        """;

    /// <summary>Reads them for all columns that have any and that this role may read; none where that takes too long.</summary>
    public static async Task<IReadOnlyDictionary<(uint Table, string Column), SoftStatistics>> ReadAsync(SoftReader reader, IReadOnlyList<SoftCandidate> candidates, CancellationToken cancellation)
    {
        var plain = candidates.Where(c => !c.IsArray).ToList();
        try
        {
            var found = await reader.ListAsync(
                Query, r => (At: plain[r.GetInt32(0) - 1], Values: r.GetFieldValue<string[]>(1)), cancellation,
                plain.Select(c => c.Table.Name.Schema).ToArray(), plain.Select(c => c.Table.Name.Name).ToArray(), plain.Select(c => c.Column.Name).ToArray(), plain.Select(c => c.Table.IsPartitioned).ToArray());
            return found.ToDictionary(f => (f.At.Table.Oid, f.At.Column.Name), f => new SoftStatistics(f.Values));
        }
        catch (SoftUnreadException)
        {
            return new Dictionary<(uint, string), SoftStatistics>();
        }
    }
}
