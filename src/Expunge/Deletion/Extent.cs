using System.Globalization;
using Expunge.Catalog;
using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Deletion;

/// <summary>Where in one table the rows of a subject lie.</summary>
/// <param name="Leaf">The table itself, not a partitioned one.</param>
/// <param name="Rows">How many there are.</param>
/// <param name="First">The first page with one of them.</param>
/// <param name="Last">The last page with one of them.</param>
internal sealed record Extent(Table Leaf, long Rows, long First, long Last)
{
    // Whoever reads all pages in between then reads few without need, and no page has very many more rows than the average.
    private const int LeastRowsPerPage = 10;

    // Where they are most dense, a chunk has rows for some tenths of a second.
    private const int MostPages = 400;

    /// <summary>Whether they lie so close that page after page is the best way through them: no list of them is needed.</summary>
    public bool IsDense => Rows >= LeastRowsPerPage * Pages;

    private long Pages => Last - First + 1;

    /// <summary>How many pages have about so many of the rows.</summary>
    public int PagesOf(int rows) => (int)Math.Clamp(rows * Pages / Rows, 1, MostPages);

    /// <summary>About how many of the rows so many pages have.</summary>
    public int RowsOf(int pages) => (int)(pages * Rows / Pages);

    /// <summary>Reads them, for each table that has any.</summary>
    public static async Task<List<Extent>> ReadAsync(NpgsqlConnection connection, Decisions decisions, Table table, string condition, CancellationToken cancellation) => await connection.ListAsync(
        $"SELECT t.tableoid, count(*), min(t.ctid)::text, max(t.ctid)::text FROM {table.OnlySql} t WHERE {condition} GROUP BY t.tableoid ORDER BY t.tableoid",
        r => new Extent(decisions.Catalog.Tables.First(t => t.Oid == r.GetFieldValue<uint>(0)), r.GetInt64(1), Page(r.GetString(2)), Page(r.GetString(3))), cancellation);

    // (page,place)
    private static long Page(string place) => long.Parse(place.AsSpan(1, place.IndexOf(',', StringComparison.Ordinal) - 1), NumberStyles.None, CultureInfo.InvariantCulture);
}
