using System.CommandLine;
using Expunge.Verification;

namespace Expunge.Cli.Commands;

internal static class VerifyCommand
{
    private static readonly Option<string?> Format = new("--format") { Description = "text, markdown or junit [default: text]", HelpName = "format" };

    static VerifyCommand() => Format.AcceptOnlyFromAmong("text", "markdown", "junit");

    public static Command Create()
    {
        var command = new Command("verify", "Hold the catalog against the policy: each reference with its delete rule, and what is wrong") { Format };
        command.SetAction(Session.Action(RunAsync));
        return command;
    }

    private static async Task<int> RunAsync(Session session, CancellationToken cancellation)
    {
        var format = session.Parsed.GetValue(Format);
        if (session.Json && format is not null) throw new ExpungeException(ErrorCodes.Usage, "--json and --format exclude each other.", "Leave one of them out.");

        var report = await DatabaseVerifier.ReadAsync(session.Database, session.Policy(), cancellation);
        if (session.Json) Session.PrintJson(report);
        else if (format == "markdown") Console.Out.Write(VerifyMarkdown.Write(report));
        else if (format == "junit") Console.Out.Write(VerifyJUnit.Write(report));
        else VerifyText.Print(report);
        return report.Ok ? ExitCodes.Ok : ExitCodes.NotOk;
    }
}
