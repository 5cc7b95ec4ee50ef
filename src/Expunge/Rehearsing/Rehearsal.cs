using System.Collections.Immutable;
using System.Diagnostics;
using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Probing;
using Expunge.Revisions;
using Expunge.Verification;

namespace Expunge.Rehearsing;

/// <summary>Goes the whole way on a copy of a schema: plan, upgrade, verify, probe, downgrade, and a comparison of all definitions with those at the beginning.</summary>
public static class Rehearsal
{
    /// <summary>Loads the schema and rehearses.</summary>
    /// <param name="copy">An empty database on a server that nobody else uses. It is changed; throw it away afterwards.</param>
    /// <param name="schema">The schema as SQL, as <c>pg_dump --schema-only</c> writes it.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="rows">With how many invented rows, and in which proportion; null for none.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="ExpungeException">The policy does not fit the schema, or the copy's server failed.</exception>
    public static async Task<RehearsalReport> RunAsync(Database copy, string schema, PolicyFile policy, RehearsalRows? rows = null, CancellationToken cancellation = default)
    {
        string[] names = rows is null ? ["load", "plan", "upgrade", "verify", "probe", "downgrade", "compare"] : ["load", "fill", "plan", "upgrade", "verify", "probe", "delete", "downgrade", "compare"];
        var clock = Stopwatch.StartNew();
        // A copy needs no backup.
        policy = policy with { RequireBackup = null };
        var steps = new List<RehearsalStep>();
        var loaded = await SchemaLoader.LoadAsync(copy, schema, cancellation);
        var catalog = await copy.ReadCatalogAsync(cancellation);
        steps.Add(new RehearsalStep(
            "load", loaded.Missing.IsEmpty,
            loaded.Missing.IsEmpty ? $"{catalog.Tables.Length} tables, {catalog.ForeignKeys.Length} foreign keys" : $"{loaded.Missing.Length} statement(s) on which a deletion depends can't be executed here",
            [.. loaded.Missing, .. loaded.MadeUp.Select(m => $"made up: {m}"), .. loaded.LeftOut.Select(l => $"left out: {l}")]));
        if (loaded.Missing.IsEmpty) await RunAsync(copy, policy, rows, steps, cancellation);
        steps.AddRange(names.Except(steps.Select(s => s.Name)).Select(name => new RehearsalStep(name, null, "not come to", [])));
        return new RehearsalReport(policy.Root.Display("public"), catalog.Server.Version, [.. steps], clock.Elapsed);
    }

    private static async Task RunAsync(Database copy, PolicyFile policy, RehearsalRows? rows, List<RehearsalStep> steps, CancellationToken cancellation)
    {
        ImmutableArray<string> users = [];
        if (rows is not null)
        {
            await StepAsync(steps, "fill", async () =>
            {
                (users, var made, var tooFew) = await RowFiller.FillAsync(copy, policy, rows.Estimates, rows.Total, cancellation);
                return (tooFew.IsEmpty, $"{made} rows made, {users.Length} of them users, in proportion to the statistics of the database", tooFew);
            });
        }

        var before = await DefinitionsAsync(copy, cancellation);
        var plan = await Upgrade.PlanAsync(copy, policy, cancellation);
        steps.Add(new RehearsalStep(
            "plan", plan.Problems.IsEmpty, plan.Problems.IsEmpty ? $"{plan.Steps.Length} steps" : $"{plan.Problems.Length} reference(s) can't be changed", [.. plan.Problems.Select(p => $"{p.Table}: {p.Reason} → {p.NextStep}")]));

        RevisionOutcome? upgraded = null;
        await StepAsync(steps, "upgrade", async () =>
        {
            upgraded = await Upgrade.ApplyAsync(copy, policy, new UpgradeOptions(), cancellation);
            return (upgraded.Succeeded, $"{upgraded.Results.Length} steps done", Failures(upgraded));
        });

        // Refused as a whole: that nothing is as the policy says would be no news.
        if (upgraded is null) return;
        await StepAsync(steps, "verify", async () =>
        {
            var report = Verifier.Verify(Decisions.Of(await copy.ReadCatalogAsync(cancellation), policy));
            var errors = report.Findings.Where(f => f.Severity == FindingSeverity.Error).ToList();
            return (report.Ok, $"{report.Lines.Count(l => l.Ok)} of {report.Lines.Length} references as the policy says, {report.Findings.Length - errors.Count} warning(s)", [.. report.Findings.Select(f => $"{f.Code} {f.Object}: {f.Message}")]);
        });

        if (!upgraded.Succeeded) return;
        await StepAsync(steps, "probe", async () =>
        {
            var disabled = await DisableOutsideAsync(copy, policy, cancellation);
            var report = await Probe.RunAsync(copy, policy, standIns: true, cancellation: cancellation);
            var proved = report.Lines.Count(l => l.State is ProbeState.Proved or ProbeState.Blocks && l.References is not null);
            return (
                report is { Ok: true, Complete: true }, report.Refusal is null ? $"{proved} of {report.Lines.Length - 1} references do what the policy says, {report.Rows} rows made and rolled back" : report.Refusal,
                [.. report.Lines.Where(l => l.State is ProbeState.Failed or ProbeState.NotProbed && report.Refusal is null).Select(l => $"{l.Table}.{l.Columns}: {l.Outcome}"), .. report.Lost.Select(l => $"lost: {l}"), .. disabled.Select(d => $"left out: {d}")]);
        });
        if (rows is not null && !users.IsEmpty)
        {
            await StepAsync(steps, "delete", async () =>
            {
                var result = await Deleter.DeleteAsync(copy, policy, [users[0]], cancellation);
                return (result.Deleted.Length == 1, $"one of the users with {result.Lines.Sum(l => l.Deleted)} rows in {result.Lines.Count(l => l.Deleted > 0)} tables, in {result.Elapsed.TotalMilliseconds:0} ms", []);
            });
        }

        await StepAsync(steps, "downgrade", async () =>
        {
            var outcome = await Downgrade.RevertAsync(copy, Downgrade.Targets(await Journal.RevisionsAsync(copy, cancellation), toBase: false)[0], new UpgradeOptions(), cancellation);
            return (outcome.Succeeded, $"{outcome.Results.Length} steps reverted", Failures(outcome));
        });
        await StepAsync(steps, "compare", async () =>
        {
            var difference = Definitions.Difference(before, await DefinitionsAsync(copy, cancellation)).ToImmutableArray();
            return (difference.IsEmpty, difference.IsEmpty ? $"all {before.Length} constraints and indexes are again what they were, to the letter" : $"{difference.Length} line(s) differ from what was there", difference);
        });
    }

    private static async Task StepAsync(List<RehearsalStep> steps, string name, Func<Task<(bool Ok, string Summary, ImmutableArray<string> Details)>> run)
    {
        try
        {
            var (ok, summary, details) = await run();
            steps.Add(new RehearsalStep(name, ok, summary, details));
        }
        catch (ExpungeException e)
        {
            steps.Add(new RehearsalStep(name, false, $"{e.Message}  → {e.NextStep}  [{e.Code}]", []));
        }
    }

    private static ImmutableArray<string> Failures(RevisionOutcome outcome) =>
        [.. outcome.Results.Where(r => r.Failure is not null).Select(r => $"{r.Step.Table}: {r.Failure!.Message}"), .. outcome.Plan.Problems.Select(p => $"{p.Table}: {p.Reason}"), .. outcome.Late.Select(p => $"{p.Table}: {p.Reason}")];

    private static async Task<ImmutableArray<string>> DefinitionsAsync(Database copy, CancellationToken cancellation)
    {
        await using var connection = await copy.OpenAsync(cancellation);
        return await Definitions.ReadAsync(connection, cancellation);
    }

    // A copy is no place from which to send mail.
    private static async Task<ImmutableArray<string>> DisableOutsideAsync(Database copy, PolicyFile policy, CancellationToken cancellation)
    {
        await using var connection = await copy.OpenMaintenanceAsync(cancellation);
        var catalog = await copy.ReadCatalogAsync(connection, cancellation);
        var outside = await OutsideReach.FindAsync(connection, catalog, Probe.Touched(Decisions.Of(catalog, policy)), cancellation);
        foreach (var trigger in outside) await connection.ExecuteAsync($"ALTER TABLE {trigger.Table.Sql} DISABLE TRIGGER {Identifier.Quote(trigger.Trigger)}", cancellation);
        return [.. outside.Select(o => o.ToString())];
    }
}
