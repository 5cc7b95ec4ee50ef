using System.Text.Encodings.Web;
using System.Text.Json;

namespace Expunge.Outbox;

/// <summary>A value that names something outside the database and whose row is deleted, on its way to a receiver.</summary>
/// <param name="Id">Its number in this database.</param>
/// <param name="EventId">The same at each attempt and different from that of every other event, so that a receiver can tell that it has it already.</param>
/// <param name="Table">The table of the deleted row, with its schema.</param>
/// <param name="Column">The column.</param>
/// <param name="Value">The value as text, as PostgreSQL writes it. Personal data: never print it.</param>
/// <param name="Deletion">The recorded deletion; null where there was none.</param>
/// <param name="CapturedAt">When its row was deleted.</param>
public sealed record OutboxEvent(long Id, Guid EventId, string Table, string Column, string Value, long? Deletion, DateTimeOffset CapturedAt)
{
    // Nobody embeds it in HTML, and people read it.
    private static readonly JsonSerializerOptions Style = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>What a receiver gets: one JSON document on one line in UTF-8, the same at each attempt.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(new { Id = EventId, Type = "external.deleted", Table, Column, Value, Deletion, CapturedAt = CapturedAt.UtcDateTime }, Style);
}
