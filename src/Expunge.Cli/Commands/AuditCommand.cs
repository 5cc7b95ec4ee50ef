using System.CommandLine;
using Expunge.Auditing;

namespace Expunge.Cli.Commands;

internal static class AuditCommand
{
    private static readonly Option<string?> Head = new("--head") { Description = "A hash that an earlier run printed: it must still be there", HelpName = "hash" };
    private static readonly Option<int> Limit = new("--limit") { Description = "How many entries", HelpName = "number", DefaultValueFactory = _ => 50 };

    public static Command Create()
    {
        var list = new Command("list", "Who did what by way of the server, newest first") { Limit };
        Limit.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !(int.TryParse(text, out var limit) && limit > 0)) result.AddError("--limit takes a whole number, at least 1.");
        });
        list.SetAction(Session.Action(ListAsync));
        var verify = new Command("verify", "Whether the audit is as it was written: no entry changed, none taken out") { Head };
        verify.SetAction(Session.Action(VerifyAsync));
        return new Command("audit", "The audit of the server: list, verify") { list, verify };
    }

    private static async Task<int> ListAsync(Session session, CancellationToken cancellation)
    {
        var entries = await AuditLog.ListAsync(session.Database, session.Parsed.GetValue(Limit), cancellation: cancellation);
        if (session.Json) Session.PrintJson(new { entries });
        else if (entries.IsEmpty) Output.Line("There is no entry yet.");
        else
        {
            Output.Columns(
                ["number", "when (UTC)", "who", "what", "to", "how many", "from", "outcome"],
                entries.Select(e => (string[])[$"{e.Id}", $"{e.At.UtcDateTime:yyyy-MM-dd HH:mm:ss}", e.Event.Actor!, e.Event.Action, e.Event.Object ?? "", $"{e.Event.Count}", e.Event.Address ?? "", e.Event.Outcome]));
        }

        return ExitCodes.Ok;
    }

    private static async Task<int> VerifyAsync(Session session, CancellationToken cancellation)
    {
        var verdict = await AuditLog.VerifyAsync(session.Database, session.Parsed.GetValue(Head), cancellation);
        if (session.Json) Session.PrintJson(new { ok = verdict.Problem is null, verdict.Entries, verdict.Head, verdict.Problem });
        else if (verdict.Problem is not null) Output.Line($"❌ {verdict.Problem} {verdict.Entries} entries before that are as they were written.");
        else if (verdict.Entries == 0) Output.Line("There is no entry yet.");
        else
        {
            Output.Line($"✅ All {verdict.Entries} entries are as they were written.");
            Output.Line($"   Keep this elsewhere; it tells later whether entries were cut off at the end:  expunge audit verify --head {verdict.Head}");
        }

        return verdict.Problem is null ? ExitCodes.Ok : ExitCodes.NotOk;
    }
}
