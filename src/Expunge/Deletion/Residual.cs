using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Deletion;

/// <summary>
/// Searches for rows that a deletion left behind, where something could have left any: soft references, and references whose action a trigger, rule, row-level security or
/// inheritance can suppress. The others are proved by an enforced, validated constraint with enabled triggers, which the deletion insists on.
/// </summary>
internal static class Residual
{
    public static IReadOnlySet<Decision> Suppressible(Decisions decisions) => decisions.All
        .Where(d => d.Deletes ? d.Reference.Table.DeleteSuppressors.Length > 0 : !d.Blocks && d.Reference.Table.UpdateSuppressors.Length > 0).ToHashSet();

    /// <returns>How many references were searched; none had rows left.</returns>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.Residue"/>: rows are left; the caller rolls back.</exception>
    public static async Task<int> RefuseAnyAsync(NpgsqlConnection connection, Decisions decisions, IReadOnlyList<string> subjects, ReachCount? count, CancellationToken cancellation)
    {
        var left = await SoftAsync(connection, decisions, subjects, cancellation);
        // A trigger or a rule on the root itself.
        var (root, key) = (decisions.Reach.Root, SubjectKeys.Column(decisions.Reach.Root));
        var undeleted = await connection.ScalarAsync<long>($"SELECT count(*) FROM {root.Name.Sql} WHERE {SubjectKeys.In(key)}", cancellation, subjects.ToArray());
        if (undeleted > 0) left.Add((root.Name.Display(decisions.Schema), undeleted));
        foreach (var (decision, keys) in count?.ReferencedKeys ?? [])
        {
            var reference = decision.Reference;
            var types = reference.ReferencedColumns.Select(c => reference.ReferencedTable.Column(c)!.Type).ToList();
            var unnest = string.Join(", ", types.Select((t, i) => $"${i + 1}::text[]::{t}[]"));
            var names = string.Join(", ", types.Select((_, i) => $"k{i}"));
            var on = string.Join(" AND ", reference.Columns.Select((c, i) => $"c.{Identifier.Quote(c)} = k.k{i}"));
            // Without ONLY: a row in an inheritance child is left behind too.
            var rows = await connection.ScalarAsync<long>(
                $"SELECT count(*) FROM {reference.Table.Name.Sql} c JOIN unnest({unnest}) AS k({names}) ON {on}",
                cancellation, [.. types.Select((_, i) => (object)keys.Select(k => k[i]).ToArray())]);
            if (rows > 0) left.Add((reference.Display(decisions.Schema), rows));
        }

        return left.Count > 0 ? throw Left(left) : decisions.SoftReferences.Length + (count?.ReferencedKeys.Count ?? 0);
    }

    internal static ExpungeException Left(IReadOnlyList<(string Name, long Rows)> left) => new(
        ErrorCodes.Residue, $"After the deletion rows of the subject are left: {string.Join(", ", left.Select(l => $"{l.Rows} by {l.Name}"))}. Everything was rolled back.",
        "Something keeps the cascade from deleting them: a trigger, a rule, row-level security or an inheritance child.  expunge verify  names it.");

    /// <exception cref="ExpungeException"><see cref="ErrorCodes.LateRows"/>: the subjects are deleted for good, and rows came in by a soft reference in the same moment.</exception>
    public static async Task ReportLateAsync(NpgsqlConnection connection, Decisions decisions, IReadOnlyList<string> subjects, CancellationToken cancellation)
    {
        if (subjects.Count == 0) return;
        List<(string Name, long Rows)> left;
        try
        {
            left = await SoftAsync(connection, decisions, subjects, cancellation);
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
        {
            throw new ExpungeException(
                ErrorCodes.LateRows, $"The deletion is committed; only the last look for rows that came in by a soft reference in the same moment could not be made: {e.Message}", $"Search {string.Join(", ", decisions.SoftReferences.Select(s => s.Display(decisions.Schema)))} for the deleted keys.", e);
        }

        if (left.Count == 0) return;
        throw new ExpungeException(
            ErrorCodes.LateRows, $"The deletion is committed, but in the same moment another transaction wrote rows that refer to a deleted subject: {string.Join(", ", left.Select(l => $"{l.Rows} by {l.Name}"))}.",
            "Delete them, and give the column a foreign key ('enforce: true' in the policy), so that this can't happen.");
    }

    /// <summary>How many rows each soft reference has of these subjects; those that have none are left out.</summary>
    public static async Task<List<(string Name, long Rows)>> SoftAsync(NpgsqlConnection connection, Decisions decisions, IReadOnlyList<string> subjects, CancellationToken cancellation)
    {
        var left = new List<(string, long)>();
        foreach (var soft in decisions.SoftReferences)
        {
            var rows = await connection.ScalarAsync<long>(
                $"SELECT count(*) FROM {soft.Table.Name.Sql} WHERE {SubjectKeys.In(soft.Column)}", cancellation, subjects.ToArray());
            if (rows > 0) left.Add((soft.Display(decisions.Schema), rows));
        }

        return left;
    }
}
