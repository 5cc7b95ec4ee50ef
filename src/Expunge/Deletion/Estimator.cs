using System.Collections.Immutable;
using System.Data;
using Expunge.Catalog;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Verification;
using Npgsql;

namespace Expunge.Deletion;

/// <summary>Says what a deletion would do, without doing it.</summary>
public static class Estimator
{
    /// <summary>Counts what a deletion of these subjects would delete, set and be blocked by. Reads in one snapshot; locks nothing.</summary>
    /// <param name="database">The database.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="ids">The subjects' keys as text.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <exception cref="ExpungeException">A key is not of the root key's type, or the constraints are not as the policy says.</exception>
    public static async Task<DeletionEstimate> EstimateAsync(Database database, PolicyFile policy, IEnumerable<string> ids, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var decisions = Decisions.Of(await database.ReadCatalogAsync(connection, cancellation), policy);
        RefuseUnfit(decisions);
        var (transaction, subjects, notFound) = await BeginAsync(connection, decisions, ids, cancellation);
        await using (transaction) return await CountAsync(connection, decisions, subjects, cancellation) with { NotFound = notFound };
    }

    /// <summary>Says what one subject has, and by which references. Reads in one snapshot; locks nothing.</summary>
    /// <param name="database">The database.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="id">The subject's key as text.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <returns>One for the subject itself and one for each reference by which it has rows, by depth and name; empty where the subject does not exist.</returns>
    /// <exception cref="ExpungeException">The key is not of the root key's type, or the constraints are not as the policy says.</exception>
    public static async Task<ImmutableArray<ExplainedReference>> ExplainAsync(Database database, PolicyFile policy, string id, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var decisions = Decisions.Of(await database.ReadCatalogAsync(connection, cancellation), policy);
        RefuseUnfit(decisions);
        var (transaction, subjects, _) = await BeginAsync(connection, decisions, [id], cancellation);
        await using var ends = transaction;
        if (subjects.IsEmpty) return [];
        var count = await ReachCount.OfAsync(connection, decisions, subjects, ImmutableHashSet<Decision>.Empty, cancellation);
        var root = decisions.Reach.Root.Name.Display(decisions.Schema);
        return
        [
            new ExplainedReference(root, null, 1, "delete", root),
            .. decisions.SoftReferences.Select(s => new ExplainedReference(s.Table.Name.Display(decisions.Schema), s.Column.Name, count.BySoftReference.GetValueOrDefault(s), "delete", Path(decisions, s.Table, []))),
            .. decisions.All.Select(d => new ExplainedReference(
                d.Reference.Table.Name.Display(decisions.Schema), string.Join(", ", d.Reference.Columns), count.ByReference.GetValueOrDefault(d),
                d.Action == PolicyAction.Keep ? $"keep: {d.Reference.Constraints[0].DeleteRule.ToLowerInvariant()}" : d.Action.Word(), Path(decisions, d.Reference.Table, [d.Reference, .. decisions.Reach.PathFrom(d.Reference.ReferencedTable)]))),
        ];
    }

    /// <summary>Counts in the caller's snapshot; <see cref="DeletionEstimate.NotFound"/> stays empty.</summary>
    internal static async Task<DeletionEstimate> CountAsync(NpgsqlConnection connection, Decisions decisions, ImmutableArray<string> subjects, CancellationToken cancellation)
    {
        await Reassignment.RefuseMissingAsync(connection, decisions, cancellation);
        await Reassignment.RefuseHeirAsync(connection, decisions, subjects, cancellation);
        var count = await ReachCount.OfAsync(connection, decisions, subjects, ImmutableHashSet<Decision>.Empty, cancellation);
        return new DeletionEstimate(subjects, [], Lines(decisions, count), Blockers(decisions, count));
    }

    private static async Task<(NpgsqlTransaction Transaction, ImmutableArray<string> Subjects, ImmutableArray<string> NotFound)> BeginAsync(
        NpgsqlConnection connection, Decisions decisions, IEnumerable<string> ids, CancellationToken cancellation)
    {
        var key = SubjectKeys.Column(decisions.Reach.Root);
        var keys = await SubjectKeys.ReadAsync(connection, decisions.Reach.Root.Name, key, ids, cancellation);
        var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellation);
        await connection.ExecuteAsync("SET TRANSACTION READ ONLY; SET LOCAL row_security = off; SET LOCAL statement_timeout = 0", cancellation);
        var found = (await connection.ListAsync(
            $"SELECT {Identifier.Quote(key.Name)}::text FROM {decisions.Reach.Root.Name.Sql} WHERE {SubjectKeys.In(key)}", r => r.GetString(0), cancellation, keys.ToArray())).ToHashSet();
        return (transaction, [.. keys.Where(found.Contains)], [.. keys.Where(k => !found.Contains(k))]);
    }

    /// <summary>Refuses where the constraints would not do what the policy says: a deletion would fail, leave data or take other people's.</summary>
    internal static void RefuseUnfit(Decisions decisions)
    {
        // NOT VALID does not matter here: what it leaves unchecked are rows whose parent is gone already, and they are nobody's who can be deleted.
        // What this role may not do PostgreSQL refuses itself; a look at what would be deleted needs less.
        var errors = Verifier.Verify(decisions).Findings.Where(f => f is { Severity: FindingSeverity.Error, Code: not (FindingCodes.NotValidated or FindingCodes.MissingRight) }).ToList();
        if (errors.Count == 0) return;
        throw new ExpungeException(
            ErrorCodes.DeletionBlocked,
            $"The constraints are not as the policy says, so a deletion would fail or be incomplete: {string.Join("; ", errors.Take(3).Select(f => $"{f.Object}: {f.Message}"))}{(errors.Count > 3 ? $"; and {errors.Count - 3} more" : "")}.",
            decisions.Undecided.IsEmpty
                ? "Run  expunge verify  to see all, then  expunge upgrade head.  Nothing was deleted."
                : "Name the undecided references in the policy (expunge init  suggests), then  expunge upgrade head.  Nothing was deleted.");
    }

    internal static ImmutableArray<DeletionLine> Lines(Decisions decisions, ReachCount count) =>
        Lines(decisions, leaf => count.Deleted.GetValueOrDefault(leaf.Oid), table => count.Updated.GetValueOrDefault(table.Oid));

    /// <summary>The report's lines from rows by table: of the reach first, then of the tables that only lose references.</summary>
    internal static ImmutableArray<DeletionLine> Lines(Decisions decisions, Func<Table, long> deleted, Func<Table, long> updated)
    {
        var setting = decisions.All.Where(d => !d.Deletes).Select(d => (d.Reference.Table, Path: (ImmutableArray<Graph.Reference>)[d.Reference, .. decisions.Reach.PathFrom(d.Reference.ReferencedTable)]));
        return
        [
            .. decisions.Reach.Tables.Select(t => (t.Table, Path: decisions.Reach.PathFrom(t.Table))).Concat(setting)
                .DistinctBy(t => t.Table.Oid)
                // A partition that is reached by a reference of its own is counted with the table above it.
                .Where(t => !decisions.Catalog.AncestorsOf(t.Table).Any(a => decisions.Reach.Find(a) is not null))
                .Select(t => new DeletionLine(
                    t.Table.Name.Display(decisions.Schema), decisions.Catalog.LeavesOf(t.Table).Sum(deleted), updated(t.Table),
                    Path(decisions, t.Table, t.Path)))
                .Where(l => l.Deleted + l.Updated > 0),
        ];
    }

    private static string Path(Decisions decisions, Table table, ImmutableArray<Graph.Reference> path) =>
        string.Join(" → ", path.Select(r => r.ReferencedTable).Prepend(table).Select(t => t.Name.Display(decisions.Schema)))
        + (path.IsEmpty && table.Oid != decisions.Reach.Root.Oid ? " (no foreign key)" : "");

    private static ImmutableArray<Blocker> Blockers(Decisions decisions, ReachCount count) =>
    [
        .. count.Staying.Where(s => s.Key.Blocks && s.Value > 0)
            .Select(s => new Blocker(s.Key.Reference.Display(decisions.Schema), s.Value, s.Key.Reason ?? $"ON DELETE {s.Key.Reference.Constraints[0].DeleteRule}")),
    ];
}
