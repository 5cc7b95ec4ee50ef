using System.Collections.Immutable;
using System.Data;
using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Deletion;

/// <summary>Says what a deletion of any number of subjects would do: exactly for up to <see cref="MostCounted"/>, from a sample beyond. Locks nothing.</summary>
public static class DeletionPlanner
{
    /// <summary>Up to that many subjects every row is counted; of more, those of so many at random.</summary>
    public const int MostCounted = 100;

    /// <summary>How many keys a plan names at the most.</summary>
    public const int MostNamed = 100;

    /// <summary>Plans a deletion.</summary>
    /// <param name="database">The database.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="request">Whom to delete.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <exception cref="ExpungeException">An id is not of the root key's type, or the constraints are not as the policy says.</exception>
    public static async Task<DeletionPlan> PlanAsync(Database database, PolicyFile policy, DeletionRequest request, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var decisions = Decisions.Of(await database.ReadCatalogAsync(connection, cancellation), policy);
        Estimator.RefuseUnfit(decisions);
        var (root, key) = (decisions.Reach.Root, SubjectKeys.Column(decisions.Reach.Root));
        var wanted = await ReadAsync(connection, root.Name, key, request, cancellation);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellation);
        await connection.ExecuteAsync("SET TRANSACTION READ ONLY; SET LOCAL row_security = off; SET LOCAL statement_timeout = 0", cancellation);

        var keys = $"unnest($1::text[]::{key.Type}[]) AS keys(k) LEFT JOIN {root.Name.Sql} t ON t.{Identifier.Quote(key.Name)} = keys.k";
        var there = $"t.{Identifier.Quote(key.Name)} IS NOT NULL";
        var (found, notFound) = (await connection.ListAsync($"SELECT count(*) FILTER (WHERE {there}), count(*) FILTER (WHERE NOT {there}) FROM {keys}", r => (r.GetInt64(0), r.GetInt64(1)), cancellation, [wanted])).Single();
        var missing = await connection.ListAsync($"SELECT k::text FROM {keys} WHERE NOT {there} ORDER BY k LIMIT {MostNamed}", r => r.GetString(0), cancellation, [wanted]);
        var whales = await WhalesAsync(connection, decisions, keys, there, wanted, cancellation);
        var counted = await connection.ListAsync(
            found <= MostCounted ? $"SELECT k::text FROM {keys} WHERE {there} ORDER BY k" : $"SELECT k::text FROM {keys} WHERE {there} AND k::text <> ALL ($2) ORDER BY random() LIMIT {MostCounted}",
            r => r.GetString(0), cancellation, found <= MostCounted ? [wanted] : [wanted, whales.Select(w => w.Key).ToArray()]);
        var estimate = await Estimator.CountAsync(connection, decisions, [.. counted], cancellation);
        return new DeletionPlan
        {
            Refusals = [.. new[] { request.AllowMany ? null : TooMany(policy, found + notFound), MissingIndex.Refusal(decisions), found == 1 ? Blocked(estimate) : null }.OfType<ExpungeException>()],
            Subjects = found,
            NotFound = notFound,
            FirstNotFound = [.. missing],
            Counted = estimate,
            Whales = whales,
            MissingIndexes = MissingIndex.Of(decisions),
            Triggers = await TriggersAsync(connection, decisions, cancellation),
            SoftReferences = [.. decisions.SoftReferences.Select(s => s.Display(decisions.Schema))],
            External = [.. decisions.External.Select(e => e.Display(decisions.Schema))],
            Retained = [.. decisions.All.Where(d => d.Action == PolicyAction.Retain).Select(d => new RetainedReference(d.Reference.Display(decisions.Schema), d.Reason!))],
        };
    }

    internal static ExpungeException? TooMany(PolicyFile policy, long subjects) => !(subjects > policy.MaxSubjects) ? null : new(
        ErrorCodes.TooManySubjects, $"These are {subjects} {Subjects.SubjectTable.NounOf(policy.Root)}(s), and the policy allows {policy.MaxSubjects} in one deletion.", "If they are meant, give --allow-many. Nothing was deleted.");

    private static ExpungeException? Blocked(DeletionEstimate estimate) => estimate.Blockers.IsEmpty ? null : new(
        ErrorCodes.DeletionBlocked, $"{string.Join("; ", estimate.Blockers.Select(b => $"{b.Rows} row(s) of {b.Reference} stay and block the deletion ({b.Reason})"))}.",
        "Delete or reassign these rows first, or decide the reference otherwise in the policy. Nothing was deleted.");

    private static async Task<string[]> ReadAsync(NpgsqlConnection connection, QualifiedName root, Catalog.Column key, DeletionRequest request, CancellationToken cancellation)
    {
        var (ids, lines) = (new List<string>(), new List<long>());
        await foreach (var (line, id) in request.KeysAsync(cancellation))
        {
            ids.Add(id);
            lines.Add(line);
        }

        return [.. await SubjectKeys.ReadAsync(connection, root, key, ids, cancellation, request.AreLines ? lines : null)];
    }

    private static async Task<ImmutableArray<WhaleEstimate>> WhalesAsync(NpgsqlConnection connection, Decisions decisions, string keys, string there, string[] wanted, CancellationToken cancellation)
    {
        var known = await WhalePrediction.ReadAsync(connection, decisions, cancellation);
        var mine = await connection.ListAsync($"SELECT k::text FROM {keys} WHERE {there} AND k::text = ANY ($2)", r => r.GetString(0), cancellation, [wanted, known.Keys.ToArray()]);
        return [.. mine.Select(k => new WhaleEstimate(k, known[k])).OrderByDescending(w => w.Rows).ThenBy(w => w.Key, StringComparer.Ordinal)];
    }

    // Of partitions each has its own; a clone of the partitioned table's is not named again.
    private static async Task<ImmutableArray<string>> TriggersAsync(NpgsqlConnection connection, Decisions decisions, CancellationToken cancellation)
    {
        var losing = decisions.Reach.Tables.SelectMany(t => decisions.Catalog.WithPartitions(t.Table)).Select(t => t.Oid).Distinct().ToArray();
        var changed = decisions.All.Where(InOrder.IsSetting).SelectMany(d => decisions.Catalog.WithPartitions(d.Reference.Table)).Select(t => t.Oid).Distinct().ToArray();
        var triggers = await connection.ListAsync(
            """
            SELECT n.nspname::text, c.relname::text, t.tgname::text, concat_ws(' or ', CASE WHEN t.tgtype & 8 <> 0 AND c.oid = ANY ($1) THEN 'DELETE' END, CASE WHEN t.tgtype & 16 <> 0 AND c.oid = ANY ($2) THEN 'UPDATE' END)
              FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgenabled IN ('O', 'A') AND ((t.tgtype & 8 <> 0 AND c.oid = ANY ($1)) OR (t.tgtype & 16 <> 0 AND c.oid = ANY ($2)))
             ORDER BY 1, 2, t.tgname COLLATE "C"
            """,
            r => $"{new QualifiedName(r.GetString(0), r.GetString(1)).Display(decisions.Schema)}.{r.GetString(2)} ({r.GetString(3)})", cancellation, Commands.Oids(losing), Commands.Oids(changed));
        return [.. triggers];
    }
}
