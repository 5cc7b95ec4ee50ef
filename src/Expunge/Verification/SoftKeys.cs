using Expunge.Catalog;
using Expunge.Deletion;

namespace Expunge.Verification;

/// <summary>Which texts are keys of one table; looks each up once.</summary>
internal sealed class SoftKeys(SoftReader reader, Table table, Column key)
{
    private const int PerQuery = 5000;

    private readonly Dictionary<string, bool> _known = new(StringComparer.Ordinal);

    /// <summary>Holds a column's values against the keys.</summary>
    /// <exception cref="SoftUnreadException">The keys can't be looked up.</exception>
    public async Task<SoftMatch> MatchAsync(IReadOnlyCollection<string> values, CancellationToken cancellation)
    {
        if (values.Count == 0) return SoftMatch.None;
        var numbers = SoftTypes.IsInteger(key);
        var neighbours = !numbers ? [] : values.Select(SoftTypes.Number).OfType<long>().SelectMany(n => new[] { n - 1, n + 1 }).Select(n => n.ToString()).ToList();
        await LookUpAsync([.. values, .. neighbours], cancellation);
        var keys = values.Count(IsKey);
        return numbers ? SoftMatch.OfNumbers(values.Count, keys, neighbours.Count, neighbours.Count(IsKey)) : SoftMatch.OfUnordered(values.Count, keys, key.Type == "uuid");
    }

    private bool IsKey(string value) => _known.GetValueOrDefault(value);

    private async Task LookUpAsync(IEnumerable<string> values, CancellationToken cancellation)
    {
        foreach (var some in values.Where(v => !_known.ContainsKey(v) && SoftTypes.CanBeKey(v, key)).Distinct(StringComparer.Ordinal).Chunk(PerQuery))
        {
            // By its index: the array is a constant of the query.
            var found = await reader.ListAsync($"SELECT {Postgres.Identifier.Quote(key.Name)}::text FROM {table.OnlySql} WHERE {SubjectKeys.In(key)}", r => r.GetString(0), cancellation, some);
            foreach (var value in some) _known[value] = false;
            foreach (var value in found) _known[value] = true;
        }
    }
}
