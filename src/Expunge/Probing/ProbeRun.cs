using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Probing;

/// <summary>One probe, in the transaction that the connection is in: makes the rows, deletes the test user, looks at each row.</summary>
internal sealed class ProbeRun
{
    private readonly NpgsqlConnection _connection;
    private readonly Decisions _decisions;
    private readonly ProbeSchema _schema;
    private readonly RowMaker _maker;
    private readonly VictimDeletion _deletion;
    private readonly List<(Link Link, Decision? Decision)> _links;

    public ProbeRun(NpgsqlConnection connection, Decisions decisions, ProbeSchema schema, VictimDeletion deletion)
    {
        (_connection, _decisions, _schema, _deletion) = (connection, decisions, schema, deletion);
        _maker = new RowMaker(connection, decisions, schema);
        _links = [.. decisions.All.Select(d => (Link.Of(d.Reference), (Decision?)d)), .. decisions.SoftReferences.Select(s => (Link.Of(s, decisions.Reach.Root), (Decision?)null))];
    }

    public async Task<ProbeReport> RunAsync(bool standIns, CancellationToken cancellation)
    {
        var root = _decisions.Reach.Root;
        // Before the victim, who could take the key.
        if (standIns) await StandInsAsync(cancellation);
        ProbeRow victim;
        try
        {
            victim = await _maker.MakeAsync(root, ofVictim: true, ImmutableDictionary<string, string?>.Empty, cancellation);
        }
        catch (NotMadeException e)
        {
            return new ProbeReport(
                root.Name.ToString(), [RootLine(ProbeState.NotProbed, e.Message), .. _links.Select(l => Line(l.Link, l.Decision, 0, ProbeState.NotProbed, "there is no test user"))],
                _maker.Rows.Count, 0, 0, [], null, await SequencesAsync(cancellation));
        }

        var unmade = new Dictionary<Link, string>();
        foreach (var (link, decision) in _links.Where(l => l.Decision is not { Blocks: true }))
        {
            if (await WhyNotMadeAsync(link, decision, cancellation) is { } reason) unmade[link] = reason;
        }

        var blocking = new Dictionary<Link, (ProbeState State, string Outcome)>();
        foreach (var (link, decision) in _links.Where(l => l.Decision is { Blocks: true })) blocking[link] = await BlockAsync(link, decision!, victim, cancellation);

        var expected = Expectation.Of(_maker.Rows, victim, _links, _decisions);
        var refusal = await _deletion.RunAsync(victim, cancellation);
        var actual = refusal is null ? await RowLook.LookAsync(_connection, expected, cancellation) : [];
        var lines = _links.Select(l =>
        {
            if (blocking.TryGetValue(l.Link, out var block)) return Line(l.Link, l.Decision, 0, block.State, block.Outcome);
            if (unmade.TryGetValue(l.Link, out var reason)) return Line(l.Link, l.Decision, 0, ProbeState.NotProbed, reason);
            var mine = expected.Where(e => e.Of(l.Link)).ToList();
            if (refusal is not null) return Line(l.Link, l.Decision, mine.Count, ProbeState.NotProbed, "made, but the deletion was refused");
            // A row that goes by another reference does not show what becomes of those that stay.
            if (l.Decision is { Deletes: false }) mine.RemoveAll(e => e.IsGone);
            if (mine.Count == 0) return Line(l.Link, l.Decision, 0, ProbeState.NotProbed, "its rows go by another reference");
            var wrong = mine.Where(e => actual[e.Row] is not null).Select(e => actual[e.Row]!).Distinct().ToList();
            return Line(l.Link, l.Decision, mine.Count, wrong.Count > 0 ? ProbeState.Failed : ProbeState.Proved, wrong.Count > 0 ? string.Join("; ", wrong) : l.Decision is { Deletes: false } ? Kept(l.Decision) : "gone");
        });
        var others = expected.Where(e => e is { IsGone: false, Changed.IsEmpty: true }).ToList();
        var rootState = refusal is not null ? (ProbeState.Failed, refusal) : actual[victim] is { } left ? (ProbeState.Failed, left) : (ProbeState.Proved, "gone");
        return new ProbeReport(
            root.Name.ToString(), [RootLine(rootState.Item1, rootState.Item2) with { Rows = 1 }, .. lines], expected.Length, expected.Count(e => e.IsGone && refusal is null && actual[e.Row] is null), others.Count,
            [.. others.Where(o => refusal is null && actual[o.Row] is not null).Select(o => $"a row of {o.Row.Table.Name.Display(_decisions.Schema)}: {actual[o.Row]}").Distinct()], refusal, await SequencesAsync(cancellation));
    }

    private static string Kept(Decision decision) => decision.Action == PolicyAction.Reassign ? $"stays, and is {decision.ReassignTo}'s" : decision.OnDelete == ReferentialAction.SetDefault ? "stays, and has the default" : "stays, and refers to nobody";

    private async Task StandInsAsync(CancellationToken cancellation)
    {
        foreach (var (decision, link) in _links.Where(l => l.Decision is { Action: PolicyAction.Reassign } or { OnDelete: ReferentialAction.SetDefault, Blocks: false }).Select(l => (l.Decision!, l.Link)))
        {
            var values = await _connection.ListAsync(
                decision.ReassignTo is not null ? $"SELECT ARRAY[$1::text::{link.Target.Column(link.TargetColumns[0])!.Type}::text]" : $"SELECT ARRAY[{string.Join(", ", link.Columns.Select(c => $"({_schema.ColumnsOf(link.Table).First(own => own.Name == c).Default ?? "NULL"})::text"))}]",
                r => r.GetFieldValue<string?[]>(0), cancellation, [.. decision.ReassignTo is { } heir ? new object?[] { heir } : []]);
            if (values[0].Contains(null)) continue;
            try
            {
                await _maker.FindOrMakeAsync(link.Target, ofVictim: false, link.TargetColumns.Zip(values[0]).ToDictionary(p => p.First, p => p.Second, StringComparer.Ordinal), [], cancellation);
            }
            catch (NotMadeException)
            {
                // It is there, or the deletion says what is missing.
            }
        }
    }

    private async Task<string?> WhyNotMadeAsync(Link link, Decision? decision, CancellationToken cancellation)
    {
        var before = _maker.Rows.Count;
        await _connection.ExecuteAsync("SAVEPOINT expunge_reference", cancellation);
        var reason = (string?)null;
        // Where it must refer to more: to another subject's rows, which shows that this reference alone does it; to the same subject's where that is asked for, unless it is to stay.
        foreach (var restOfVictim in decision is null or { Deletes: true } ? new[] { false, true } : [false])
        {
            try
            {
                await _maker.MakeAsync(link, ofVictim: true, restOfVictim, cancellation);
                reason = null;
                break;
            }
            catch (NotMadeException e)
            {
                reason ??= e.Message;
            }
        }

        if (reason is not null)
        {
            await _connection.ExecuteAsync("ROLLBACK TO SAVEPOINT expunge_reference", cancellation);
            _maker.ForgetAfter(before);
        }
        else if (decision is null or { Deletes: true })
        {
            before = _maker.Rows.Count;
            await _connection.ExecuteAsync("SAVEPOINT expunge_other", cancellation);
            try
            {
                await _maker.MakeAsync(link, ofVictim: false, restOfVictim: false, cancellation);
            }
            catch (NotMadeException)
            {
                // A second one can be impossible: a table that holds one row.
                await _connection.ExecuteAsync("ROLLBACK TO SAVEPOINT expunge_other", cancellation);
                _maker.ForgetAfter(before);
            }

            await _connection.ExecuteAsync("RELEASE SAVEPOINT expunge_other", cancellation);
        }

        await _connection.ExecuteAsync("RELEASE SAVEPOINT expunge_reference", cancellation);
        return reason;
    }

    // A retained row must keep the subject from being deleted.
    private async Task<(ProbeState State, string Outcome)> BlockAsync(Link link, Decision decision, ProbeRow victim, CancellationToken cancellation)
    {
        var before = _maker.Rows.Count;
        await _connection.ExecuteAsync("SAVEPOINT expunge_block", cancellation);
        try
        {
            await _maker.MakeAsync(link, ofVictim: true, restOfVictim: false, cancellation);
            return await _deletion.RunAsync(victim, cancellation, decision) is { } refusal
                ? refusal.Length == 0 ? (ProbeState.Blocks, "blocks the deletion, as the policy says") : (ProbeState.Failed, refusal)
                : (ProbeState.Failed, "does not block the deletion");
        }
        catch (NotMadeException e)
        {
            return (ProbeState.NotProbed, e.Message);
        }
        finally
        {
            await _connection.ExecuteAsync("ROLLBACK TO SAVEPOINT expunge_block; RELEASE SAVEPOINT expunge_block", cancellation);
            _maker.ForgetAfter(before);
        }
    }

    private async Task<ImmutableArray<string>> SequencesAsync(CancellationToken cancellation) => [.. (await TakenNumbers.ReadAsync(_connection, cancellation)).Select(s => s.Display(_decisions.Schema))];

    private ProbeLine RootLine(ProbeState state, string outcome) =>
        new(_decisions.Reach.Root.Name.Display(_decisions.Schema), string.Join(", ", _decisions.Reach.Root.PrimaryKey), null, "delete", 0, state, outcome);

    private ProbeLine Line(Link link, Decision? decision, int rows, ProbeState state, string outcome) => new(
        link.Table.Name.Display(_decisions.Schema), string.Join(", ", link.Columns), link.Target.Name.Display(_decisions.Schema),
        decision is null ? "delete" : decision.Action is PolicyAction.Retain or PolicyAction.Reassign ? decision.Action.Word() : decision.Wanted.DeleteRule, rows, state, outcome);
}
