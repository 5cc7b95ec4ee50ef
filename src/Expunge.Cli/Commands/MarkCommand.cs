using System.CommandLine;
using Expunge.Postgres;
using Expunge.Subjects;

namespace Expunge.Cli.Commands;

/// <summary><c>mark</c> and <c>unmark</c>.</summary>
internal static class MarkCommand
{
    private static readonly Argument<string[]> Ids = new("id") { Description = "The keys of the users", Arity = ArgumentArity.OneOrMore };

    public static Command CreateMark() => Create("mark", "Mark users for deletion; delete --marked deletes them when the grace period is over", "Marked", "Mark", (database, table, ids, cancellation) => Marking.MarkAsync(database, table, ids, cancellation: cancellation));

    public static Command CreateUnmark() => Create("unmark", "Take the mark from users", "Unmarked", "Unmark", (database, table, ids, cancellation) => Marking.UnmarkAsync(database, table, ids, cancellation: cancellation));

    private static Command Create(string name, string description, string done, string toDo, Func<Database, SubjectTable, IEnumerable<string>, CancellationToken, Task<MarkingResult>> set)
    {
        var command = new Command(name, description) { Ids, GlobalOptions.Yes };
        command.SetAction(Session.Action(async (session, cancellation) =>
        {
            var (policy, ids) = (session.Policy(), session.Parsed.GetValue(Ids)!);
            var table = await SubjectTable.ReadAsync(session.Database, policy, cancellation);
            // Whether there is a column for it, before anybody is asked.
            _ = table.Mark;
            await session.ConfirmAsync($"{toDo} {ids.Length} {table.Noun}(s) of {session.Where} for deletion?", cancellation);
            var result = await set(session.Database, table, ids, cancellation);
            if (session.Json)
            {
                Session.PrintJson(new { updated = result.Changed.Length, subjects = result.Found, changed = result.Changed, result.NotFound });
            }
            else
            {
                foreach (var id in result.NotFound) Output.Line($"⚠️  {table.Noun} {id} not found");
                var already = result.Found.Length - result.Changed.Length;
                Output.Line($"{(result.Changed.IsEmpty ? "" : "✅ ")}{done} {result.Changed.Length} {table.Noun}(s) for deletion{(already > 0 ? $"; {already} {(name == "mark" ? "were already" : "were not")}" : "")}.");
            }

            return result.NotFound.IsEmpty ? ExitCodes.Ok : ExitCodes.NotOk;
        }));
        return command;
    }
}
