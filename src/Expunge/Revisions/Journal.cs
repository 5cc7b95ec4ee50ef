using System.Text.Json;
using Expunge.Catalog;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Revisions;

/// <summary>The schema <c>expunge</c> in the target database: what was applied, what it changed, which backups there are. Holds no personal data.</summary>
public static class Journal
{
    private const string LastTable = "expunge.backup";

    /// <summary>The revisions, oldest first; empty where nothing was ever applied.</summary>
    /// <param name="database">The database.</param>
    /// <param name="cancellation">Cancels it.</param>
    public static async Task<IReadOnlyList<AppliedRevision>> RevisionsAsync(Database database, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await RevisionsAsync(connection, cancellation);
    }

    /// <summary>When the last recorded backup was taken, UTC; null where there is none.</summary>
    /// <param name="database">The database.</param>
    /// <param name="cancellation">Cancels it.</param>
    public static async Task<DateTimeOffset?> LastBackupAsync(Database database, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        if (!await ExistsAsync(connection, cancellation)) return null;
        return await connection.ListAsync("SELECT max(taken_at) FROM expunge.backup", r => r.IsDBNull(0) ? (DateTimeOffset?)null : r.GetFieldValue<DateTimeOffset>(0), cancellation) is [var last] ? last : null;
    }

    /// <summary>Records a backup.</summary>
    /// <param name="database">The database.</param>
    /// <param name="backup">What <see cref="PgDump"/> made.</param>
    /// <param name="acceptPublished">Whether the journal may join a publication FOR ALL TABLES.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <exception cref="ExpungeException">The journal can't be made.</exception>
    public static async Task RecordBackupAsync(Database database, BackupFile backup, bool acceptPublished = false, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenMaintenanceAsync(cancellation);
        await EnsureAsync(connection, acceptPublished, cancellation);
        await connection.ExecuteAsync(
            "INSERT INTO expunge.backup (taken_at, file, bytes, sha256, pg_dump_version) VALUES ($1, $2, $3, $4, $5)",
            cancellation, backup.TakenAt.ToUniversalTime(), backup.Path, backup.Bytes, backup.Sha256, backup.PgDumpVersion);
    }

    internal static async Task<IReadOnlyList<AppliedRevision>> RevisionsAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        if (!await ExistsAsync(connection, cancellation)) return [];
        return await connection.ListAsync(
            """
            SELECT id, revision, name, root, policy_hash, state, started_at, finished_at, started_by,
                   (SELECT count(*) FROM expunge.step s WHERE s.revision_id = r.id AND s.reverted_at IS NULL)
              FROM expunge.revision r ORDER BY id
            """,
            r => new AppliedRevision(
                r.GetInt64(0), r.GetString(1), r.GetString(2), r.GetString(3), r.GetString(4), Enum.Parse<RevisionState>(r.GetString(5), ignoreCase: true),
                r.GetFieldValue<DateTimeOffset>(6), r.IsDBNull(7) ? null : r.GetFieldValue<DateTimeOffset>(7), r.GetString(8), r.GetInt64(9)),
            cancellation);
    }

    internal static Task<bool> ExistsAsync(NpgsqlConnection connection, CancellationToken cancellation) =>
        ExpungeSchema.ExistsAsync(connection, LastTable, cancellation);

    /// <summary>Makes the schema where it is missing.</summary>
    internal static Task EnsureAsync(NpgsqlConnection connection, bool acceptPublished, CancellationToken cancellation) =>
        ExpungeSchema.EnsureAsync(connection, "journal.sql", LastTable, acceptPublished, cancellation);

    internal static Task<long> BeginAsync(NpgsqlConnection connection, Policy.PolicyFile policy, CancellationToken cancellation) => connection.ScalarAsync<long>(
        "INSERT INTO expunge.revision (revision, name, root, policy_hash, state) VALUES ($1, $2, $3, $4, 'applying') RETURNING id",
        cancellation, policy.Revision, policy.Name, policy.Root.ToString(), policy.Hash);

    internal static Task SetStateAsync(NpgsqlConnection connection, long revision, RevisionState state, string? policyHash, CancellationToken cancellation) => connection.ExecuteAsync(
        "UPDATE expunge.revision SET state = $2, finished_at = CASE WHEN $2 IN ('applying', 'reverting') THEN NULL ELSE clock_timestamp() END, policy_hash = coalesce($3, policy_hash) WHERE id = $1",
        cancellation, revision, state.ToString().ToLowerInvariant(), new NpgsqlParameter { Value = policyHash ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });

    /// <summary>
    /// What the revision changed, in the order in which it was done. A constraint counts also when it is swapped back already: its validation may still be missing.
    /// </summary>
    internal static async Task<(IReadOnlyList<ConstraintChange> Constraints, IReadOnlyList<IndexDefinition> Indexes)> ChangesAsync(NpgsqlConnection connection, long revision, CancellationToken cancellation)
    {
        var rows = await connection.ListAsync(
            "SELECT kind, former::text, new::text FROM expunge.step WHERE revision_id = $1 AND (reverted_at IS NULL OR kind = 'constraint') ORDER BY id",
            r => (Kind: r.GetString(0), Former: r.IsDBNull(1) ? null : r.GetString(1), New: r.IsDBNull(2) ? null : r.GetString(2)), cancellation, revision);
        return (
            [.. rows.Where(r => r.Kind == "constraint").Select(r => new ConstraintChange(Read<ForeignKey>(r.Former), Read<ForeignKey>(r.New)))],
            [.. rows.Where(r => r.Kind == "index").Select(r => Read<IndexDefinition>(r.New)!)]);

        static T? Read<T>(string? json) where T : class => json is null ? null : JsonSerializer.Deserialize<T>(json, RevisionJournal.Json);
    }
}
