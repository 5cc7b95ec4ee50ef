using System.Text;
using System.Text.Json.Nodes;
using Expunge.Deletion;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Receipts;

/// <summary>Makes the receipt of a deletion that is over from what is recorded of it. In the caller's transaction, that of the final state.</summary>
internal static class ReceiptSeal
{
    private static readonly string Program = typeof(ReceiptSeal).Assembly.GetName().Version!.ToString(3);

    /// <summary>Seals it and stores it.</summary>
    /// <param name="connection">In a transaction that holds the deletion's row.</param>
    /// <param name="id">The deletion's number.</param>
    /// <param name="key">Signs it; null for an unsigned one.</param>
    /// <param name="cancellation">Cancels it.</param>
    public static async Task<Receipt> SealAsync(NpgsqlConnection connection, long id, SigningKey? key, CancellationToken cancellation)
    {
        if (key is not null) await SubjectHashes.WriteAsync(connection, id, key, cancellation);
        var document = Describe(await Deletions.ReadAsync(connection, id, cancellation));
        var (policy, schema) = (await connection.ListAsync("SELECT policy_hash, schema_hash FROM expunge.deletion WHERE id = $1", r => (r.GetString(0), r.IsDBNull(1) ? null : r.GetString(1)), cancellation, id)).Single();
        (document["policyHash"], document["schemaHash"]) = (policy, schema);
        document["database"] = await DatabaseAsync(connection, cancellation);
        document["subjectHashes"] = key is null ? null : await SubjectHashes.ReadAsync(connection, id, key, cancellation);
        document["seal"] = key is null ? "unsigned" : "signed";
        document["signature"] = null;
        if (key is not null) ReceiptVerifier.Sign(document, key);
        var bytes = CanonicalJson.Bytes(document);
        await connection.ExecuteAsync("UPDATE expunge.deletion SET receipt = $2 WHERE id = $1", cancellation, id, Encoding.UTF8.GetString(bytes));
        return Receipt.Read(bytes);
    }

    private static JsonObject Describe(DeletionJob job) => new()
    {
        ["type"] = Receipt.Type,
        ["version"] = Receipt.Version,
        ["expungeVersion"] = Program,
        ["deletion"] = job.Id,
        ["root"] = job.Root,
        ["state"] = job.State.Word(),
        ["requestedBy"] = job.RequestedBy,
        ["requestedAt"] = Time(job.CreatedAt),
        ["startedAt"] = Time(job.StartedAt),
        ["finishedAt"] = Time(job.FinishedAt),
        ["subjects"] = new JsonObject
        {
            ["requested"] = job.Subjects.Total,
            ["deleted"] = job.Subjects.Deleted,
            ["notFound"] = job.Subjects.NotFound,
            ["unmarked"] = job.Subjects.Unmarked,
            ["failed"] = job.Subjects.Failed,
            ["cancelled"] = job.Subjects.Cancelled,
        },
        ["tables"] = new JsonArray([.. job.Lines.Select(l => new JsonObject { ["table"] = l.Table, ["deleted"] = l.Deleted, ["updated"] = l.Updated, ["path"] = l.Path })]),
        ["totals"] = new JsonObject { ["deleted"] = job.TotalDeleted, ["updated"] = job.Lines.Sum(l => l.Updated) },
        ["counting"] = job.Method,
        // What has rows left is rolled back, so there is nothing else to be said here.
        ["residual"] = job.Method is null ? null : new JsonObject { ["referencesSearched"] = job.ResidualChecked, ["rowsLeft"] = 0 },
    };

    private static string? Time(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'");

    private static async Task<JsonObject> DatabaseAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var (name, version) = (await connection.ListAsync("SELECT current_database()::text, current_setting('server_version')", r => (r.GetString(0), r.GetString(1)), cancellation)).Single();
        var database = new JsonObject { ["name"] = name, ["serverVersion"] = version };
        // Text: JSON holds no integer of 64 bits. Not every server lets every role ask.
        if (await connection.ScalarAsync<bool>("SELECT has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')", cancellation))
        {
            database["systemIdentifier"] = await connection.ScalarAsync<string>("SELECT system_identifier::text FROM pg_catalog.pg_control_system()", cancellation);
        }

        return database;
    }
}
