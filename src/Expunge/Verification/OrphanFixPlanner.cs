using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Deletion;
using Expunge.Outbox;
using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Verification;

/// <summary>Says what a fix of orphans would do, and refuses one that can't be or must not be. Reads only.</summary>
public static class OrphanFixPlanner
{
    // Of more rows it is not followed what goes with each: their places are kept in memory.
    private const int MostFollowed = 100_000;

    /// <summary>Plans the fix of what was found.</summary>
    /// <param name="database">The database.</param>
    /// <param name="decisions">The policy, held against its catalog.</param>
    /// <param name="report">What <see cref="Orphans.FindAsync"/> found under these decisions.</param>
    /// <param name="action">What is to be done.</param>
    /// <param name="timeout">How long one query may take.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <exception cref="ExpungeException">It is refused: <see cref="ErrorCodes.OrphansNotNull"/>, <see cref="ErrorCodes.OrphansExternal"/>, <see cref="ErrorCodes.OrphansBlocked"/>, <see cref="ErrorCodes.MissingRight"/>.</exception>
    public static async Task<OrphanFixPlan> PlanAsync(Database database, Decisions decisions, OrphanReport report, OrphanFixAction action, TimeSpan timeout, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenAsync(cancellation);
        var links = await Links.ReadAsync(connection, decisions.Reach.Root, cancellation);
        var parts = ImmutableArray.CreateBuilder<OrphanFixPart>();
        foreach (var line in report.Lines.Where(l => l.Rows > 0))
        {
            var target = line.Target;
            var link = target.In(links);
            if (link is SoftLink { IsCertain: false } soft)
            {
                throw Refused(target, $"is {soft.Soft.Column.Type}, and the key of {target.Parent} is {soft.Key.Type}: which of its rows are orphans is not certain, because a key can be written in more than one way", "Look at the rows, and correct them by hand.");
            }

            await RefuseUnlockableAsync(connection, target, cancellation);
            parts.Add(action == OrphanFixAction.SetNull ? Setting(line, target) : await DeletingAsync(connection, decisions, line, target, link, timeout, cancellation));
        }

        return new OrphanFixPlan(action, parts.ToImmutable());
    }

    private static OrphanFixPart Setting(OrphanLine line, OrphanTarget target) => target.NullableColumns is { IsEmpty: false } columns
        ? new OrphanFixPart(line) { SetColumns = columns, Also = ImmutableArray<DeletionLine>.Empty }
        : throw new ExpungeException(
            ErrorCodes.OrphansNotNull, $"The {line.Rows} orphan(s) of {line.Reference} can't be set to NULL: {NotNull(target)}.", "Give --fix delete, or name another reference with --reference. Nothing was changed.");

    private static string NotNull(OrphanTarget target) => target.Columns.Where(c => target.Table.Column(c) is not { CanBeNull: true }).ToList() is var columns && target.Reference?.IsMatchFull == true
        ? $"it is MATCH FULL, and {string.Join(", ", columns)} is NOT NULL"
        : $"{string.Join(", ", columns)} is {(columns.Exists(c => target.Table.Column(c) is { IsGenerated: true }) ? "generated" : "NOT NULL")}";

    private static async Task<OrphanFixPart> DeletingAsync(NpgsqlConnection connection, Decisions decisions, OrphanLine line, OrphanTarget target, Link link, TimeSpan timeout, CancellationToken cancellation)
    {
        var after = Aftermath.Of(decisions, target.Table);
        var leaves = after.Reach.Tables.SelectMany(t => decisions.Catalog.LeavesOf(t.Table)).Select(t => t.Oid).ToHashSet();
        if (decisions.Catalog.LeavesOf(decisions.Reach.Root).Any(l => leaves.Contains(l.Oid)))
        {
            throw Refused(target, $"is in a table whose rows take rows of {decisions.Reach.Root} along or are such rows: an orphan's deletion would delete a subject, and leave behind what is that subject's", "Give --fix set-null, or delete the subjects with  expunge delete.");
        }

        if (ExternalWays.Columns(decisions).Where(c => leaves.Contains(c.Key)).SelectMany(c => c.Value).Select(c => c.Display(decisions.Schema)).Distinct(StringComparer.Ordinal).ToList() is { Count: > 0 } external)
        {
            throw new ExpungeException(
                ErrorCodes.OrphansExternal, $"With the orphans of {line.Reference} the values of {string.Join(", ", external)} would be lost, which name something outside the database.",
                "Give --fix set-null; or take care of what these rows name, then delete them by hand. Nothing was changed.");
        }

        ImmutableArray<string> alsoIn = [.. after.All.Where(d => !d.Blocks).Select(d => d.Reference.Table.Name.Display(decisions.Schema)).Distinct(StringComparer.Ordinal)];
        var part = new OrphanFixPart(line) { AlsoIn = alsoIn };
        if (after.All.IsEmpty) return part with { Also = ImmutableArray<DeletionLine>.Empty };
        if (line.Rows > MostFollowed) return part;
        var (count, _) = await ReadOnlyScan.TryAsync(connection, timeout, () => ReachCount.FromAsync(connection, after, $"FROM {link.From} t WHERE {link.IsOrphan("t")}", [], ImmutableHashSet<uint>.Empty, cancellation), cancellation);
        return count is null ? part : part with
        {
            Also = Also(Estimator.Lines(after, count), line),
            Blockers = [.. count.Staying.Where(s => s.Key.Blocks && s.Value > 0).Select(s => new Blocker(s.Key.Reference.Display(decisions.Schema), s.Value, $"ON DELETE {s.Key.OnDelete.ToSql()}"))],
        };
    }

    // Of the orphans' own table what goes besides them.
    private static ImmutableArray<DeletionLine> Also(IEnumerable<DeletionLine> lines, OrphanLine line) =>
        [.. lines.Select(l => l.Table == line.Table ? l with { Deleted = Math.Max(l.Deleted - line.Rows!.Value, 0) } : l).Where(l => l.Deleted + l.Updated > 0)];

    // LOCK TABLE wants one of these (docs, LOCK).
    private static async Task RefuseUnlockableAsync(NpgsqlConnection connection, OrphanTarget target, CancellationToken cancellation)
    {
        if (await connection.ScalarAsync<bool>("SELECT has_table_privilege($1, 'UPDATE, DELETE, TRUNCATE')", cancellation, target.Parent.Name.Sql)) return;
        throw new ExpungeException(
            ErrorCodes.MissingRight, $"This role may not lock {target.Parent}, so it could not be sure that nobody adds the missing row in the same moment.",
            $"Have its owner run  GRANT UPDATE ON {target.Parent.Name.Sql} TO …;  or connect as the owner. Nothing was changed.");
    }

    private static ExpungeException Refused(OrphanTarget target, string why, string next) => new(ErrorCodes.OrphansBlocked, $"{target.Name} {why}.", $"{next} Nothing was changed.");
}
