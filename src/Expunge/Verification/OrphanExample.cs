namespace Expunge.Verification;

/// <summary>A row whose parent is gone.</summary>
/// <param name="Row">The row's own key.</param>
/// <param name="Missing">The key that it refers to and that no row has. Its value is null where a soft reference holds what can be no key: that could be anything, so it is not shown.</param>
public sealed record OrphanExample(RowKey Row, RowKey Missing);
