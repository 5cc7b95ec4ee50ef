using System.Text.Json;
using System.Text.Json.Serialization;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Revisions;

/// <summary>What the steps of one revision write down, in the transaction that makes the change.</summary>
/// <param name="RevisionId">The revision's number in the journal.</param>
/// <param name="Reverting">Whether the revision is being reverted rather than applied.</param>
internal sealed record RevisionJournal(long RevisionId, bool Reverting)
{
    internal static readonly JsonSerializerOptions Json = new() { Converters = { new JsonStringEnumConverter() }, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>The statements that write changes down.</summary>
    public IEnumerable<NpgsqlBatchCommand> Record(IEnumerable<ConstraintChange> changes) =>
        from change in changes
        where !change.Name.StartsWith(Graph.ReferenceGraph.TemporaryPrefix, StringComparison.Ordinal)
        let key = Key("constraint", change.Any.Table, change.Name)
        select Reverting ? Commands.BatchCommand(MarkReverted, key) : Commands.BatchCommand(Insert(done: true), [.. key, Serialized(change.Former), Serialized(change.New)]);

    /// <summary>Written before the index is built, so that a build that is killed is known as ours.</summary>
    public async Task RecordIndexBegunAsync(NpgsqlConnection connection, IndexDefinition index, CancellationToken cancellation)
    {
        if (!await IsRecordedAsync(connection, index, cancellation)) await InsertAsync(connection, index, done: false, cancellation);
    }

    public async Task RecordIndexDoneAsync(NpgsqlConnection connection, IndexDefinition index, CancellationToken cancellation)
    {
        if (!await IsRecordedAsync(connection, index, cancellation)) await InsertAsync(connection, index, done: true, cancellation);
        else await connection.ExecuteAsync($"UPDATE expunge.step SET done_at = clock_timestamp() WHERE {Mine} AND done_at IS NULL", cancellation, Key("index", index.Table, index.Name));
    }

    /// <summary>Whether an index of that name is one that some revision began to build.</summary>
    public static Task<bool> IsOursAsync(NpgsqlConnection connection, IndexDefinition index, CancellationToken cancellation) => connection.ScalarAsync<bool>(
        "SELECT EXISTS (SELECT FROM expunge.step WHERE kind = 'index' AND table_schema = $1 AND table_name = $2 AND object_name = $3)", cancellation, index.Table.Schema, index.Table.Name, index.Name);

    public Task RecordIndexRevertedAsync(NpgsqlConnection connection, IndexDefinition index, CancellationToken cancellation) =>
        connection.ExecuteAsync(MarkReverted, cancellation, Key("index", index.Table, index.Name));

    private const string Mine = "revision_id = $1 AND kind = $2 AND table_schema = $3 AND table_name = $4 AND object_name = $5 AND reverted_at IS NULL";

    private List<object?> Key(string kind, QualifiedName table, string name) => [RevisionId, kind, table.Schema, table.Name, name];

    private async Task<bool> IsRecordedAsync(NpgsqlConnection connection, IndexDefinition index, CancellationToken cancellation) =>
        await connection.ScalarAsync<bool>($"SELECT EXISTS (SELECT FROM expunge.step WHERE {Mine})", cancellation, Key("index", index.Table, index.Name));

    private const string MarkReverted = $"UPDATE expunge.step SET reverted_at = clock_timestamp() WHERE {Mine}";

    private Task<int> InsertAsync(NpgsqlConnection connection, IndexDefinition index, bool done, CancellationToken cancellation) =>
        connection.ExecuteAsync(Insert(done), cancellation, [.. Key("index", index.Table, index.Name), null, Serialized(index)]);

    private static string Insert(bool done) =>
        $"""
        INSERT INTO expunge.step (revision_id, kind, table_schema, table_name, object_name, former, new, done_at)
        VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7::jsonb, {(done ? "clock_timestamp()" : "NULL")})
        """;

    private static string? Serialized<T>(T? definition) => definition is null ? null : JsonSerializer.Serialize(definition, Json);
}
