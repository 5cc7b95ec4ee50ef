using System.Text.Json;
using System.Text.Json.Serialization;
using Expunge.Catalog;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Revisions;

/// <summary>What the steps of one revision write down, in the transaction that makes the change.</summary>
/// <param name="RevisionId">The revision's number in the journal.</param>
/// <param name="Reverting">Whether the revision is being reverted rather than applied.</param>
internal sealed record RevisionJournal(long RevisionId, bool Reverting)
{
    internal static readonly JsonSerializerOptions Json = new() { Converters = { new JsonStringEnumConverter() }, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    public async Task RecordAsync(NpgsqlConnection connection, ConstraintChange change, CancellationToken cancellation)
    {
        if (change.Name.StartsWith(Graph.ReferenceGraph.TemporaryPrefix, StringComparison.Ordinal)) return;
        if (Reverting) await MarkRevertedAsync(connection, "constraint", change.Any.Table, change.Name, cancellation);
        else await InsertAsync(connection, "constraint", change.Any.Table, change.Name, change.Former, change.New, done: true, cancellation);
    }

    /// <summary>Written before the index is built, so that a build that is killed is known as ours.</summary>
    public async Task RecordIndexBegunAsync(NpgsqlConnection connection, IndexDefinition index, CancellationToken cancellation)
    {
        if (!await IsRecordedAsync(connection, index, cancellation)) await InsertAsync(connection, "index", index.Table, index.Name, null, index, done: false, cancellation);
    }

    public async Task RecordIndexDoneAsync(NpgsqlConnection connection, IndexDefinition index, CancellationToken cancellation)
    {
        if (!await IsRecordedAsync(connection, index, cancellation)) await InsertAsync(connection, "index", index.Table, index.Name, null, index, done: true, cancellation);
        else await connection.ExecuteAsync($"UPDATE expunge.step SET done_at = clock_timestamp() WHERE {Mine} AND done_at IS NULL", cancellation, Key("index", index.Table, index.Name));
    }

    /// <summary>Whether an index of that name is one that some revision began to build.</summary>
    public static Task<bool> IsOursAsync(NpgsqlConnection connection, IndexDefinition index, CancellationToken cancellation) => connection.ScalarAsync<bool>(
        "SELECT EXISTS (SELECT FROM expunge.step WHERE kind = 'index' AND table_schema = $1 AND table_name = $2 AND object_name = $3)", cancellation, index.Table.Schema, index.Table.Name, index.Name);

    public Task RecordIndexRevertedAsync(NpgsqlConnection connection, IndexDefinition index, CancellationToken cancellation) =>
        MarkRevertedAsync(connection, "index", index.Table, index.Name, cancellation);

    private const string Mine = "revision_id = $1 AND kind = $2 AND table_schema = $3 AND table_name = $4 AND object_name = $5 AND reverted_at IS NULL";

    private List<object?> Key(string kind, QualifiedName table, string name) => [RevisionId, kind, table.Schema, table.Name, name];

    private async Task<bool> IsRecordedAsync(NpgsqlConnection connection, IndexDefinition index, CancellationToken cancellation) =>
        await connection.ScalarAsync<bool>($"SELECT EXISTS (SELECT FROM expunge.step WHERE {Mine})", cancellation, Key("index", index.Table, index.Name));

    private Task<int> MarkRevertedAsync(NpgsqlConnection connection, string kind, QualifiedName table, string name, CancellationToken cancellation) =>
        connection.ExecuteAsync($"UPDATE expunge.step SET reverted_at = clock_timestamp() WHERE {Mine}", cancellation, Key(kind, table, name));

    private Task<int> InsertAsync(NpgsqlConnection connection, string kind, QualifiedName table, string name, ForeignKey? former, object? now, bool done, CancellationToken cancellation) =>
        connection.ExecuteAsync(
            $"""
            INSERT INTO expunge.step (revision_id, kind, table_schema, table_name, object_name, former, new, done_at)
            VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7::jsonb, {(done ? "clock_timestamp()" : "NULL")})
            """,
            cancellation, [.. Key(kind, table, name), former is null ? DBNull.Value : JsonSerializer.Serialize(former, Json), now is null ? DBNull.Value : JsonSerializer.Serialize(now, Json)]);
}
