using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Expunge.Auditing;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Receipts;
using Expunge.Subjects;
using Npgsql;

namespace Expunge.Deletion;

/// <summary>Deletions as durable jobs in the schema <c>expunge</c> of the target database. They outlast every crash; <see cref="DeletionRunner"/> carries them out.</summary>
public static class Deletions
{
    private const string LastTable = "expunge.deletion_rows";

    /// <summary>Of its subjects, of each state. One that is over keeps the numbers: a list is looked at every second or two, and a deletion can be of millions.</summary>
    internal const string Counts =
        """
        SELECT ARRAY[count(*) FILTER (WHERE s.state IN ('pending', 'finishing')), count(*) FILTER (WHERE s.state = 'deleted'), count(*) FILTER (WHERE s.state = 'not found'),
                     count(*) FILTER (WHERE s.state = 'unmarked'), count(*) FILTER (WHERE s.state = 'failed'), count(*) FILTER (WHERE s.state = 'cancelled')]
          FROM expunge.deletion_subject s WHERE s.deletion_id = d.id
        """;

    private const string Columns =
        $"""
        d.id, d.root, d.state, d.reason, d.requested_by, d.created_at, d.started_at, d.finished_at, d.method, coalesce(d.residual_checked, 0),
        coalesce(d.counts, ({Counts})),
        (SELECT coalesce(sum(r.deleted), 0)::bigint FROM expunge.deletion_rows r WHERE r.deletion_id = d.id)
        """;

    // A hash over keys that can be guessed is as good as the keys, unless it is salted.
    internal const string Forget = "request = CASE WHEN idempotency_key IS NULL THEN '' ELSE request END";

    private const string HasBegun = "EXISTS (SELECT FROM expunge.deletion_subject s WHERE s.deletion_id = id AND s.state = 'finishing')";

    /// <summary>Records a deletion, or finds the one that was asked for already: the same subjects and not over, or the same idempotency key.</summary>
    /// <param name="database">The database.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="request">Whom to delete.</param>
    /// <param name="cancellation">Cancels it; nothing is recorded then.</param>
    /// <returns>The deletion, and whether it is a new one.</returns>
    /// <exception cref="ExpungeException">
    /// Nothing was recorded: an id is no key, they are too many, the constraints are not as the policy says, an index is missing, a right is missing, or the idempotency key was used for other subjects.
    /// </exception>
    public static async Task<(DeletionJob Job, bool IsNew)> CreateAsync(Database database, PolicyFile policy, DeletionRequest request, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenMaintenanceAsync(cancellation);
        await ExpungeSchema.EnsureAsync(connection, "deletions.sql", ExpungeSchema.NewestOfDeletions, request.AcceptPublished, cancellation);
        var decisions = Decisions.Of(await database.ReadCatalogAsync(connection, cancellation), policy);
        var root = decisions.Reach.Root;
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var (hash, key) = await HashAsync(connection, root, request, cancellation);
        // Two that ask for the same at once: the second finds the first's.
        await connection.ExecuteAsync("SELECT pg_advisory_xact_lock(hashtext('expunge deletion request'), hashtext($1))", cancellation, key ?? hash);
        if (await KnownAsync(connection, hash, key, cancellation) is { } known)
        {
            var found = await ReadAsync(connection, known, cancellation);
            // What the command line was given and did not finish is theirs, too, when they are asked for it.
            if (request.Queued && !found.IsOver) await DeletionQueue.AddAsync(connection, known, cancellation);
            await AuditLog.AppendAsync(connection, new AuditEvent(request.Queued ? request.RequestedBy : null, "deletion requested") { Object = $"deletion {known}", Address = request.Address, Outcome = "recorded already" }, cancellation);
            await transaction.CommitAsync(cancellation);
            return (found, false);
        }

        Estimator.RefuseUnfit(decisions);
        if (MissingIndex.Refusal(decisions) is { } unindexed) throw unindexed;

        var id = await connection.ScalarAsync<long>(
            "INSERT INTO expunge.deletion (root, policy_hash, request, only_marked, idempotency_key, requested_by) VALUES ($1, $2, $3, $4, $5, coalesce($6, current_user)) RETURNING id",
            cancellation, root.Name.ToString(), policy.Hash, hash, request.OnlyMarked, Text(key), Text(request.RequestedBy));
        var subjects = await DeletionIntake.StoreAsync(connection, root, id, cancellation);
        if (!request.AllowMany && DeletionPlanner.TooMany(policy, subjects) is { } tooMany) throw tooMany;
        // Without statistics the planner takes them for a handful, and sorts all that are left for each batch.
        if (subjects > 1000) await connection.ExecuteAsync("ANALYZE expunge.deletion_subject", cancellation);
        var job = await ReadAsync(connection, id, cancellation);
        if (request.Queued) await DeletionQueue.AddAsync(connection, id, cancellation);
        await AuditLog.AppendAsync(connection, new AuditEvent(request.Queued ? job.RequestedBy : null, "deletion requested") { Object = $"deletion {id}", Count = subjects, Address = request.Address }, cancellation);
        await transaction.CommitAsync(cancellation);
        return (job, true);
    }

    /// <summary>The deletion that was asked for already: of the same subjects or by the same choice, and not over; or with the same idempotency key.</summary>
    /// <param name="database">The database.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="request">Whom to delete.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <returns>Null where there is none.</returns>
    /// <exception cref="ExpungeException">An id is no key, or the idempotency key was used for other subjects.</exception>
    public static async Task<DeletionJob?> FindAsync(Database database, PolicyFile policy, DeletionRequest request, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenMaintenanceAsync(cancellation);
        if (!await ExpungeSchema.ExistsAsync(connection, LastTable, cancellation)) return null;
        var root = Decisions.Of(await database.ReadCatalogAsync(connection, cancellation), policy).Reach.Root;
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var (hash, key) = await HashAsync(connection, root, request, cancellation);
        return await KnownAsync(connection, hash, key, cancellation) is { } known ? await ReadAsync(connection, known, cancellation) : null;
    }

    /// <summary>The deletions, newest first; without what each has done per table.</summary>
    /// <param name="database">The database.</param>
    /// <param name="limit">How many at the most.</param>
    /// <param name="before">Only those with a smaller number; null for the newest.</param>
    /// <param name="cancellation">Cancels it.</param>
    public static async Task<ImmutableArray<DeletionJob>> ListAsync(Database database, int limit = 50, long? before = null, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        if (!await ExpungeSchema.ExistsAsync(connection, LastTable, cancellation)) return [];
        return [.. await connection.ListAsync($"SELECT {Columns} FROM expunge.deletion d WHERE d.id < $2 ORDER BY d.id DESC LIMIT $1", Read, cancellation, limit, before ?? long.MaxValue)];
    }

    /// <summary>One deletion, with what it has done per table.</summary>
    /// <param name="database">The database.</param>
    /// <param name="id">Its number.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.DeletionNotFound"/>.</exception>
    public static async Task<DeletionJob> ReadAsync(Database database, long id, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return await ReadAsync(connection, id, cancellation);
    }

    /// <summary>The subjects that could not be deleted, with the reason, in the order of their keys.</summary>
    /// <param name="database">The database.</param>
    /// <param name="id">The deletion's number.</param>
    /// <param name="limit">How many at the most.</param>
    /// <param name="cancellation">Cancels it.</param>
    public static async Task<ImmutableArray<FailedSubject>> FailuresAsync(Database database, long id, int limit = 20, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return [.. await connection.ListAsync(
            "SELECT key, reason FROM expunge.deletion_subject WHERE deletion_id = $1 AND state = 'failed' ORDER BY place LIMIT $2",
            r => new FailedSubject(r.IsDBNull(0) ? null : r.GetString(0), r.GetString(1)), cancellation, id, limit)];
    }

    /// <summary>Why subjects could not be deleted, the commonest reason first.</summary>
    /// <param name="database">The database.</param>
    /// <param name="id">The deletion's number.</param>
    /// <param name="limit">How many reasons at the most.</param>
    /// <param name="cancellation">Cancels it.</param>
    public static async Task<ImmutableArray<FailureReason>> FailureReasonsAsync(Database database, long id, int limit = 20, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        return [.. await connection.ListAsync(
            "SELECT reason, count(*) FROM expunge.deletion_subject WHERE deletion_id = $1 AND state = 'failed' GROUP BY reason ORDER BY count(*) DESC, reason LIMIT $2",
            r => new FailureReason(r.GetString(0), r.GetInt64(1)), cancellation, id, limit)];
    }

    /// <summary>The subjects of a deletion that were not deleted, and what became of them, in the order of the keys given. The deletion forgets their keys; whoever asked for it knows them.</summary>
    /// <param name="database">The database.</param>
    /// <param name="table">The root's columns.</param>
    /// <param name="id">The deletion's number.</param>
    /// <param name="ids">The keys that it was asked for with, all of them.</param>
    /// <param name="cancellation">Cancels it.</param>
    public static async Task<ImmutableArray<UndeletedSubject>> UndeletedAsync(Database database, SubjectTable table, long id, IReadOnlyCollection<string> ids, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        // DeletionIntake numbers them in the order of their keys.
        return
        [
            .. await connection.ListAsync(
                $"""
                SELECT k.id::text, s.state, s.reason
                  FROM (SELECT id, min(n) AS n, row_number() OVER (ORDER BY id) AS place FROM unnest($2::text[]::{table.Key.Type}[]) WITH ORDINALITY AS given (id, n) GROUP BY id) k
                  JOIN expunge.deletion_subject s ON s.deletion_id = $1 AND s.place = k.place WHERE s.state <> 'deleted' ORDER BY k.n
                """,
                r => new UndeletedSubject(r.GetString(0), r.GetString(1), r.IsDBNull(2) ? null : r.GetString(2)), cancellation, id, ids.ToArray()),
        ];
    }

    /// <summary>Holds a deletion that can't go on, with the reason. Nothing where it is over, or held already.</summary>
    /// <param name="database">The database.</param>
    /// <param name="id">Its number.</param>
    /// <param name="reason">Why, and what to do next; no personal data.</param>
    /// <param name="cancellation">Cancels it.</param>
    public static async Task HoldAsync(Database database, long id, string reason, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        if (await connection.ExecuteAsync("UPDATE expunge.deletion SET state = 'paused', reason = $2 WHERE id = $1 AND state IN ('pending', 'running')", cancellation, id, reason) == 0) return;
        await AuditLog.AppendAsync(connection, new AuditEvent("worker", "deletion paused") { Object = $"deletion {id}" }, cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>Holds a deletion: the run that is at work on it stops after the subjects that it has in hand.</summary>
    /// <param name="database">The database.</param>
    /// <param name="id">Its number.</param>
    /// <param name="audit">Who asks for it, by way of the server, for the audit; the workers are given what is to go on. Null for the database's role, and not the workers.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.DeletionNotFound"/>, or <see cref="ErrorCodes.DeletionState"/>: it is over.</exception>
    public static Task<DeletionJob> PauseAsync(Database database, long id, AuditEvent? audit = null, CancellationToken cancellation = default) =>
        ChangeAsync(database, id, "paused", [DeletionState.Pending, DeletionState.Running], "state = 'paused'", audit, cancellation);

    /// <summary>Lets a paused deletion go on; a run must be started for it.</summary>
    /// <param name="database">The database.</param>
    /// <param name="id">Its number.</param>
    /// <param name="audit">Who asks for it, by way of the server, for the audit; the workers are given what is to go on. Null for the database's role, and not the workers.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.DeletionNotFound"/>, or <see cref="ErrorCodes.DeletionState"/>: it is not paused.</exception>
    public static Task<DeletionJob> ResumeAsync(Database database, long id, AuditEvent? audit = null, CancellationToken cancellation = default) =>
        ChangeAsync(database, id, "resumed", [DeletionState.Paused], "state = 'pending', reason = NULL", audit, cancellation);

    /// <summary>Gives up what has not begun, and what failed. A subject that was begun is finished first, by the next run. The keys of the subjects are erased; where it is over by that, its receipt is sealed.</summary>
    /// <param name="database">The database.</param>
    /// <param name="id">Its number.</param>
    /// <param name="key">Hashes the subjects and signs the receipt; null for an unsigned receipt without subjects.</param>
    /// <param name="audit">Who asks for it, by way of the server, for the audit; the workers are given what is to go on. Null for the database's role, and not the workers.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.DeletionNotFound"/>, or <see cref="ErrorCodes.DeletionState"/>: it is over.</exception>
    public static Task<DeletionJob> CancelAsync(Database database, long id, SigningKey? key = null, AuditEvent? audit = null, CancellationToken cancellation = default) =>
        ChangeAsync(database, id, "cancelled", [DeletionState.Pending, DeletionState.Running, DeletionState.Paused, DeletionState.Failed], $"reason = NULL, receipt = NULL, state = CASE WHEN NOT {HasBegun} THEN 'cancelled' WHEN state = 'paused' THEN 'pending' ELSE state END, finished_at = CASE WHEN {HasBegun} THEN NULL ELSE clock_timestamp() END, {Forget}", audit, cancellation,
            connection => GivingUp.ApplyAsync(connection, id, key, cancellation), key);

    /// <summary>Tries again what failed; a run must be started for it.</summary>
    /// <param name="database">The database.</param>
    /// <param name="id">Its number.</param>
    /// <param name="audit">Who asks for it, by way of the server, for the audit; the workers are given what is to go on. Null for the database's role, and not the workers.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.DeletionNotFound"/>, or <see cref="ErrorCodes.DeletionState"/>: it has not failed.</exception>
    public static Task<DeletionJob> RetryAsync(Database database, long id, AuditEvent? audit = null, CancellationToken cancellation = default) =>
        ChangeAsync(database, id, "retried", [DeletionState.Failed], "state = 'pending', reason = NULL, finished_at = NULL, receipt = NULL", audit, cancellation,
            // Who is partially deleted can't be unmarked or cancelled any more.
            connection => connection.ExecuteAsync("UPDATE expunge.deletion_subject SET state = CASE WHEN gone IS NULL THEN 'pending' ELSE 'finishing' END, reason = NULL WHERE deletion_id = $1 AND state = 'failed'", cancellation, id));

    internal static async Task<DeletionJob> ReadAsync(NpgsqlConnection connection, long id, CancellationToken cancellation)
    {
        if (!await ExpungeSchema.ExistsAsync(connection, LastTable, cancellation)) throw NotFound(id);
        var job = (await connection.ListAsync($"SELECT {Columns} FROM expunge.deletion d WHERE d.id = $1", Read, cancellation, id)).SingleOrDefault() ?? throw NotFound(id);
        var lines = await connection.ListAsync(
            "SELECT table_name, deleted, updated, path FROM expunge.deletion_rows WHERE deletion_id = $1 ORDER BY place",
            r => new DeletionLine(r.GetString(0), r.GetInt64(1), r.GetInt64(2), r.GetString(3)), cancellation, id);
        return job with { Lines = [.. lines] };
    }

    private static ExpungeException NotFound(long id) => new(ErrorCodes.DeletionNotFound, $"There is no deletion {id}.", "See which there are:  expunge deletions list");

    private static async Task<DeletionJob> ChangeAsync(
        Database database, long id, string done, ImmutableArray<DeletionState> from, string set, AuditEvent? audit, CancellationToken cancellation, Func<NpgsqlConnection, Task>? then = null, SigningKey? key = null)
    {
        await using var connection = await database.OpenMaintenanceAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        // A run holds the row while it deletes a batch.
        await connection.ExecuteAsync("SET LOCAL lock_timeout = '60s'", cancellation);
        var job = await ReadAsync(connection, id, cancellation);
        var states = from.Select(DeletionStates.Word).ToArray();
        if (await connection.ExecuteAsync($"UPDATE expunge.deletion SET counts = NULL, {set} WHERE id = $1 AND state = ANY ($2)", cancellation, id, states) == 0)
        {
            throw new ExpungeException(
                ErrorCodes.DeletionState, $"Deletion {id} is {job.State.Word()} and can't be {done}.", $"That is for one that is {string.Join(" or ", states)}. Nothing was changed.");
        }

        if (then is not null) await then(connection);
        job = await ReadAsync(connection, id, cancellation);
        // Before the audit, at which others wait.
        if (job.IsOver) await DeletionEnd.SealAsync(connection, id, key, cancellation);
        if (audit is not null && !job.IsOver) await DeletionQueue.AddAsync(connection, id, cancellation);
        await AuditLog.AppendAsync(connection, (audit ?? new AuditEvent(null, $"deletion {done}")) with { Object = $"deletion {id}" }, cancellation);
        if (job.IsOver) await DeletionEnd.AuditAsync(connection, job, cancellation);
        await transaction.CommitAsync(cancellation);
        return job;
    }

    /// <summary>Reads the ids into the transaction's table and gives the hashes by which the request is known.</summary>
    private static async Task<(string Hash, string? Key)> HashAsync(NpgsqlConnection connection, Catalog.Table root, DeletionRequest request, CancellationToken cancellation)
    {
        await connection.ExecuteAsync("SET LOCAL lock_timeout = '3s'", cancellation);
        await DeletionIntake.ReadAsync(connection, root, request, cancellation);
        // The idempotency key itself is not kept: it is the salt of a hash over keys that could be guessed.
        var salt = $"{request.OnlyMarked} {request.IdempotencyKey}";
        var hash = request.Selection is { } selection ? Sha256($"{root.Name} {salt} {selection}") : await DeletionIntake.HashAsync(connection, root, salt, cancellation);
        return (hash, request.IdempotencyKey is { } given ? Sha256(given) : null);
    }

    private static async Task<long?> KnownAsync(NpgsqlConnection connection, string hash, string? key, CancellationToken cancellation)
    {
        var known = await connection.ListAsync(
            """
            SELECT id, request FROM expunge.deletion WHERE idempotency_key = $2
            UNION ALL (SELECT id, request FROM expunge.deletion WHERE $2 IS NULL AND request = $1 AND state IN ('pending', 'running', 'paused') ORDER BY id DESC LIMIT 1)
            """,
            r => (Id: r.GetInt64(0), Request: r.GetString(1)), cancellation, hash, Text(key));
        if (known.Count == 0) return null;
        return known[0].Request == hash ? known[0].Id
            : throw new ExpungeException(ErrorCodes.IdempotencyKeyUsed, $"The idempotency key was used for deletion {known[0].Id}, which is of other subjects.", "Use another key. Nothing was recorded.");
    }

    private static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static NpgsqlParameter Text(string? value) => new() { Value = value ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text };

    private static DeletionJob Read(NpgsqlDataReader r)
    {
        var counts = r.GetFieldValue<long[]>(10);
        return new DeletionJob(
            r.GetInt64(0), r.GetString(1), Enum.Parse<DeletionState>(r.GetString(2), ignoreCase: true), r.IsDBNull(3) ? null : r.GetString(3), r.GetString(4),
            r.GetFieldValue<DateTimeOffset>(5), r.IsDBNull(6) ? null : r.GetFieldValue<DateTimeOffset>(6), r.IsDBNull(7) ? null : r.GetFieldValue<DateTimeOffset>(7),
            new SubjectCounts(counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]), [])
        {
            Method = r.IsDBNull(8) ? null : r.GetString(8),
            ResidualChecked = r.GetInt32(9),
            TotalDeleted = r.GetInt64(11),
        };
    }
}
