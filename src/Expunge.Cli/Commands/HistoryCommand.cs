using System.CommandLine;
using Expunge.Revisions;

namespace Expunge.Cli.Commands;

internal static class HistoryCommand
{
    public static Command Create()
    {
        var command = new Command("history", "List the revisions that were applied or reverted, newest first");
        command.SetAction(Session.Action(async (session, cancellation) =>
        {
            var revisions = await Journal.RevisionsAsync(session.Database, cancellation);
            if (session.Json) Session.PrintJson(new { revisions });
            else if (revisions.Count == 0) Output.Line("No revision was ever applied.");
            else Output.Columns(["revision", "name", "state", "changes", "started (UTC)", "by"], revisions.Reverse().Select(r => (string[])[r.Revision, r.Name, r.State.Words(), $"{r.Steps}", $"{r.StartedAt:yyyy-MM-dd HH:mm:ss}", r.StartedBy]));
            return ExitCodes.Ok;
        }));
        return command;
    }
}
