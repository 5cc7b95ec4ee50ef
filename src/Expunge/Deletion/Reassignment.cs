using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;
using NpgsqlTypes;

namespace Expunge.Deletion;

/// <summary>Moves rows to the subject that the policy names for them (<c>reassign</c>), before the one that they refer to is deleted. Their constraint stays NO ACTION: what is not moved refuses the deletion.</summary>
internal static class Reassignment
{
    /// <summary>Refuses where the subject that takes the rows does not exist.</summary>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.BadId"/> or <see cref="ErrorCodes.NoHeir"/>.</exception>
    public static async Task RefuseMissingAsync(NpgsqlConnection connection, Decisions decisions, CancellationToken cancellation)
    {
        var (root, key) = (decisions.Reach.Root, SubjectKeys.Column(decisions.Reach.Root));
        foreach (var decision in Of(decisions))
        {
            var heir = await SubjectKeys.ReadAsync(connection, root.Name, key, [decision.ReassignTo!], cancellation);
            if (await connection.ScalarAsync<bool>($"SELECT EXISTS (SELECT FROM {root.Name.Sql} WHERE {SubjectKeys.In(key)})", cancellation, heir.ToArray())) continue;
            throw new ExpungeException(
                ErrorCodes.NoHeir, $"The rows of {decision.Reference.Display(decisions.Schema)} are to be reassigned to {heir[0]}, and {root} has no such row.", "Insert it, or name another key in the policy. Nothing was deleted.");
        }
    }

    /// <summary>Refuses where one of the subjects is the one that takes the rows of others.</summary>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.NoHeir"/>.</exception>
    public static async Task RefuseHeirAsync(NpgsqlConnection connection, Decisions decisions, IReadOnlyCollection<string> subjects, CancellationToken cancellation)
    {
        foreach (var decision in Of(decisions))
        {
            var heir = await SubjectKeys.ReadAsync(connection, decisions.Reach.Root.Name, SubjectKeys.Column(decisions.Reach.Root), [decision.ReassignTo!], cancellation);
            if (!subjects.Contains(heir[0])) continue;
            throw new ExpungeException(
                ErrorCodes.NoHeir, $"{heir[0]} takes the rows of {decision.Reference.Display(decisions.Schema)} that the policy reassigns, and can't be deleted itself.", "Leave it out, or name another key in the policy. Nothing was deleted.");
        }
    }

    /// <summary>Moves the rows.</summary>
    /// <param name="connection">In the deleting transaction; the subjects are locked.</param>
    /// <param name="decisions">The policy held against the catalog.</param>
    /// <param name="subjects">Their keys.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <returns>The rows where they are now, by reference.</returns>
    public static async Task<Dictionary<Decision, HashSet<ReachedRow>>> MoveAsync(NpgsqlConnection connection, Decisions decisions, string[] subjects, CancellationToken cancellation)
    {
        var moved = new Dictionary<Decision, HashSet<ReachedRow>>();
        foreach (var decision in Of(decisions))
        {
            var rows = await connection.ListAsync(
                $"UPDATE {decision.Reference.Table.OnlySql} t SET {Set(decision, "$2")} WHERE {SubjectKeys.In(Column(decision))} RETURNING t.tableoid, t.ctid, t.xmin",
                r => new ReachedRow(r.GetFieldValue<uint>(0), r.GetFieldValue<NpgsqlTid>(1), r.GetFieldValue<uint>(2)), cancellation, subjects, decision.ReassignTo);
            moved[decision] = [.. rows];
        }

        return moved;
    }

    /// <summary>The assignment of an UPDATE.</summary>
    /// <param name="decision">What reassigns.</param>
    /// <param name="heir">SQL for the key as text.</param>
    public static string Set(Decision decision, string heir) => $"{Identifier.Quote(Column(decision).Name)} = {heir}::text::{Column(decision).Type}";

    private static Column Column(Decision decision) => decision.Reference.Table.Column(decision.Reference.Columns[0])!;

    private static IEnumerable<Decision> Of(Decisions decisions) => decisions.All.Where(d => d.Action == PolicyAction.Reassign);
}
