namespace Expunge.Deletion;

/// <summary>A subject with very many rows.</summary>
/// <param name="Key">Its key as text.</param>
/// <param name="Rows">About how many rows it has, by the statistics that ANALYZE keeps.</param>
public sealed record WhaleEstimate(string Key, long Rows);
