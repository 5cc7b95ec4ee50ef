using System.CommandLine;
using Expunge.Revisions;

namespace Expunge.Cli.Commands;

internal static class CurrentCommand
{
    public static Command Create()
    {
        var command = new Command("current", "Show the revision that is applied");
        command.SetAction(Session.Action(async (session, cancellation) =>
        {
            var current = (await Journal.RevisionsAsync(session.Database, cancellation)).LastOrDefault(r => r.State != RevisionState.Reverted);
            if (session.Json) Session.PrintJson(new { current });
            else Output.Line(current is null ? "No revision is applied." : $"{current.Revision} ({current.Name}): {current.State.Words()}, {current.StartedAt:yyyy-MM-dd HH:mm:ss} UTC");
            return ExitCodes.Ok;
        }));
        return command;
    }
}
