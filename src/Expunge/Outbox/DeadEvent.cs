namespace Expunge.Outbox;

/// <summary>An event that failed too often. Without its value.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Table">The table of the deleted row, with its schema.</param>
/// <param name="Column">The column.</param>
/// <param name="Deletion">The recorded deletion; null where there was none.</param>
/// <param name="CapturedAt">When its row was deleted.</param>
/// <param name="Attempts">How often it was tried.</param>
/// <param name="LastError">Why the last attempt failed.</param>
public sealed record DeadEvent(long Id, string Table, string Column, long? Deletion, DateTimeOffset CapturedAt, int Attempts, string LastError);
