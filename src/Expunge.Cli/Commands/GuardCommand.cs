using System.Collections.Immutable;
using System.CommandLine;
using Expunge.Policy;
using Expunge.Rehearsing;
using Expunge.Verification;

namespace Expunge.Cli.Commands;

internal static class GuardCommand
{
    private static readonly Option<string> Mode = new("--mode") { Description = "warn: the command is done, with a WARNING; enforce: it fails", HelpName = "warn|enforce", DefaultValueFactory = _ => "warn" };
    private static readonly Option<bool> Sql = new("--sql") { Description = "Print what would be executed, for a superuser, and change nothing" };

    static GuardCommand() => Mode.AcceptOnlyFromAmong("warn", "enforce");

    public static Command Create()
    {
        var install = new Command("install", "Make an event trigger that holds new and changed foreign keys against the policy") { Mode, Sql, GlobalOptions.Yes };
        install.SetAction(Session.Action(InstallAsync));
        var remove = new Command("remove", "Remove the event trigger") { GlobalOptions.Yes };
        remove.SetAction(Session.Action(RemoveAsync));
        var check = new Command("check", "The gate for CI: exit 1 with the findings that make a deletion fail or incomplete") { SchemaCopy.SchemaFile };
        check.SetAction(Session.Action(CheckAsync));
        return new Command("guard", "Guard against the next table: an event trigger, and a gate for CI") { install, remove, check };
    }

    private static async Task<int> InstallAsync(Session session, CancellationToken cancellation)
    {
        var (policy, mode) = (session.Policy(), session.Parsed.GetValue(Mode) == "enforce" ? GuardMode.Enforce : GuardMode.Warn);
        if (session.Parsed.GetValue(Sql))
        {
            var script = Guard.Script(Decisions.Of(await session.Database.ReadCatalogAsync(cancellation), policy), mode);
            if (session.Json) Session.PrintJson(new { installed = false, mode, sql = script });
            else Console.Out.Write(script);
            return ExitCodes.Ok;
        }

        await session.ConfirmAsync($"Install an event trigger in {session.Where} that {(mode == GuardMode.Enforce ? "refuses" : "warns of")} foreign keys that are not as the policy says?", cancellation);
        await Guard.InstallAsync(session.Database, policy, mode, cancellation);
        if (session.Json) Session.PrintJson(new { installed = true, mode });
        else Output.Line($"✅ The guard is installed: each CREATE TABLE and ALTER TABLE is held against the policy as it is now, and {(mode == GuardMode.Enforce ? "fails" : "warns")} where a foreign key is not so.");
        return ExitCodes.Ok;
    }

    private static async Task<int> RemoveAsync(Session session, CancellationToken cancellation)
    {
        await session.ConfirmAsync($"Remove the guard from {session.Where}?", cancellation);
        var removed = await Guard.RemoveAsync(session.Database, cancellation);
        if (session.Json) Session.PrintJson(new { removed });
        else Output.Line(removed ? "✅ The guard is removed." : "There is no guard in this database.");
        return ExitCodes.Ok;
    }

    private static async Task<int> CheckAsync(Session session, CancellationToken cancellation)
    {
        var policy = session.Policy();
        if (session.Parsed.GetValue(SchemaCopy.SchemaFile) is null) return Report(session, await DatabaseVerifier.ReadAsync(session.Database, policy, cancellation), []);
        var sql = await SchemaCopy.SqlAsync(session, cancellation);
        if (DumpedSchema.Read(sql, SchemaCopy.Name(session)) is { } dumped) return Report(session, Verifier.Verify(Decisions.Of(dumped, policy)), []);
        await using var copy = await SchemaCopy.StartAsync(session, cancellation);
        var loaded = await SchemaLoader.LoadAsync(copy.Database, sql, cancellation);
        return Report(session, Verifier.Verify(Decisions.Of(await copy.Database.ReadCatalogAsync(cancellation), policy)), loaded.Missing);
    }

    /// <param name="session">The session.</param>
    /// <param name="report">The report.</param>
    /// <param name="missing">What of the schema is not in it: with that it shows nothing.</param>
    private static int Report(Session session, VerifyReport report, ImmutableArray<string> missing)
    {
        // The gate is about the schema, whoever reads it.
        report = report with { Findings = [.. report.Findings.Where(f => f.Code != FindingCodes.MissingRight)] };
        var errors = report.Findings.Where(f => f.Severity == FindingSeverity.Error).ToList();
        var ok = report.Ok && missing.IsEmpty;
        if (session.Json) Session.PrintJson(new { report.Root, references = report.Lines.Length, ok, missing, findings = errors });
        else
        {
            foreach (var statement in missing) Output.Line($"❌ Not in the check, because it can't be executed here: {statement}");
            foreach (var f in errors) Output.Line($"❌ {f.Code} {f.Object}: {f.Message}\n   → {f.Repair}");
            Output.Line(
                !report.Ok ? $"❌ {errors.Count} finding(s): a row of {report.Root} could not be deleted, or not completely."
                : !ok ? $"❌ {missing.Length} statement(s) of the schema are not in the check, so it shows nothing."
                : $"✅ All {report.Lines.Length} references to {report.Root} are as the policy says.");
        }

        return ok ? ExitCodes.Ok : ExitCodes.NotOk;
    }
}
