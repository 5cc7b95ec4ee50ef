using NpgsqlTypes;

namespace Expunge.Deletion;

/// <summary>One version of a row: where it lies, and the transaction that wrote it, so that another row that takes the place later is not mistaken for it.</summary>
/// <param name="Leaf">The table that holds it (<c>tableoid</c>).</param>
/// <param name="Place">Its place there (<c>ctid</c>).</param>
/// <param name="Writer">The transaction that wrote it (<c>xmin</c>).</param>
internal readonly record struct ReachedRow(uint Leaf, NpgsqlTid Place, uint Writer)
{
    /// <summary>A place as PostgreSQL writes it; Npgsql has no <c>tid[]</c>.</summary>
    public static string Text(NpgsqlTid place) => $"({place.BlockNumber},{place.OffsetNumber})";
}
