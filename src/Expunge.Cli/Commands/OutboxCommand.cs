using System.CommandLine;
using Expunge.Outbox;
using Expunge.Policy;
using Npgsql;

namespace Expunge.Cli.Commands;

internal static class OutboxCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private static readonly Option<string?> Program = new("--command") { Description = "Start this program for each event, without a shell; the event is on its standard input, exit code 0 means delivered", HelpName = "PROGRAM" };
    private static readonly Option<string?> Webhook = new("--webhook") { Description = $"POST each event to this address, signed with {WebhookSecret.Variable}", HelpName = "URL" };
    private static readonly Option<string?> ToFile = new("--file") { Description = "Append the events to this file, one JSON document a line", HelpName = "FILE" };
    private static readonly Option<bool> Watch = new("--watch") { Description = "Go on until Ctrl-C" };
    private static readonly Option<int> MaxAttempts = Number("--max-attempts", "N", "After how many failed attempts an event is dead", 10, 1000);
    private static readonly Option<int> Seconds = Number("--timeout", "SECONDS", "How long one attempt may take", 20, 3600);
    private static readonly Argument<string[]> Arguments = new("argument") { Description = "The program's arguments, after --", Arity = ArgumentArity.ZeroOrMore };
    private static readonly Argument<long[]> Ids = new("number") { Description = "The events' numbers", Arity = ArgumentArity.OneOrMore };
    private static readonly Argument<long[]> DeadIds = new("number") { Description = "The events' numbers; all dead ones without any", Arity = ArgumentArity.ZeroOrMore };

    public static Command Create()
    {
        var run = new Command("run", "Deliver what is due: to a program, a webhook or a file") { Program, Webhook, ToFile, Arguments, Watch, MaxAttempts, Seconds };
        run.Validators.Add(result =>
        {
            if (new[] { Program, Webhook, ToFile }.Count(o => result.GetValue(o) is not null) != 1) result.AddError("Say where to deliver: --command, --webhook or --file, one of them.");
            else if (result.GetValue(Program) is null && result.GetValue(Arguments)?.Length > 0) result.AddError("Arguments go with --command.");
        });
        run.SetAction(Session.Action(RunAsync));
        var list = new Command("list", "How many events are where, and which are dead; no values");
        list.SetAction(Session.Action(ListAsync));
        var retry = new Command("retry", "Let dead events be tried again") { DeadIds };
        retry.SetAction(Session.Action(RetryAsync));
        var discard = new Command("discard", "Give events up and erase their values") { Ids, GlobalOptions.Yes };
        discard.SetAction(Session.Action(DiscardAsync));
        return new Command("outbox", "Deliver what deleted rows pointed to outside the database: run, list, retry, discard") { run, list, retry, discard };
    }

    /// <summary>After a deletion: what it leaves to be done.</summary>
    public static async Task RemindAsync(Session session, PolicyFile policy, CancellationToken cancellation)
    {
        if (session.Json || policy.External.IsEmpty) return;
        try
        {
            if ((await OutboxEvents.CountAsync(session.Database, cancellation)).Pending is > 0 and var pending) Output.Line($"📤 {pending} external value(s) wait in the outbox:  expunge outbox run");
        }
        catch (Exception e) when (e is NpgsqlException or ExpungeException)
        {
            // The deletion is done, whatever this role may read.
        }
    }

    private static async Task<int> RunAsync(Session session, CancellationToken cancellation)
    {
        var receiver = Receiver(session);
        using var disposable = receiver as IDisposable;
        if (receiver is WebhookReceiver { IsClearText: true }) await Console.Error.WriteLineAsync("⚠️  The values travel in clear text over HTTP: use https.");
        var options = new OutboxOptions { MaxAttempts = session.Parsed.GetValue(MaxAttempts), Timeout = TimeSpan.FromSeconds(session.Parsed.GetValue(Seconds)) };
        var watch = session.Parsed.GetValue(Watch);
        var run = watch ? await WatchAsync(session, receiver, options, cancellation) : await OutboxRunner.RunAsync(session.Database, receiver, options, cancellation);
        var counts = await OutboxEvents.CountAsync(session.Database, CancellationToken.None);
        if (session.Json) Session.PrintJson(new { run.Delivered, run.Failed, run.Dead, counts });
        else Print(run, counts);
        return watch || (counts.Pending == 0 && counts.Dead == 0) ? ExitCodes.Ok : ExitCodes.NotOk;
    }

    /// <summary>A server that is restarted ends nothing: what was in hand is delivered again.</summary>
    private static async Task<OutboxRun> WatchAsync(Session session, IOutboxReceiver receiver, OutboxOptions options, CancellationToken cancellation)
    {
        var all = new OutboxRun(0, 0, 0);
        if (!session.Json) Output.Line($"Delivering the outbox of {session.Where}. Ctrl-C stops it.");
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                var run = await OutboxRunner.RunAsync(session.Database, receiver, options, cancellation);
                if (run != new OutboxRun(0, 0, 0) && !session.Json) Print(run, await OutboxEvents.CountAsync(session.Database, cancellation));
                all += run;
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested && e is ExpungeException { Code: ErrorCodes.CannotConnect } or NpgsqlException)
            {
                await Console.Error.WriteLineAsync($"⚠️  {e.Message}");
            }
            catch (Exception) when (cancellation.IsCancellationRequested)
            {
                break;
            }

            await Task.Delay(Pause, cancellation).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }

        return all;
    }

    private static IOutboxReceiver Receiver(Session session) =>
        session.Parsed.GetValue(Program) is { } program ? new CommandReceiver(program, [.. session.Parsed.GetValue(Arguments) ?? []])
        : session.Parsed.GetValue(Webhook) is { } url ? new WebhookReceiver(url, WebhookSecret.Parse(Environment.GetEnvironmentVariable(WebhookSecret.Variable)))
        : new FileReceiver(Path.GetFullPath(session.Parsed.GetValue(ToFile)!));

    private static void Print(OutboxRun run, OutboxCounts counts)
    {
        if (run.Delivered > 0) Output.Line($"✅ Delivered {run.Delivered} event(s).");
        if (run.Failed > 0) Output.Line($"⚠️  {run.Failed} attempt(s) failed and are repeated later.");
        if (counts.Dead > 0) Output.Line($"❌ {counts.Dead} event(s) are dead:  expunge outbox list");
        if (counts.Pending > 0) Output.Line($"⏳ {counts.Pending} event(s) wait; the next is due at {counts.NextAttemptAt?.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC.");
        else if (run.Delivered == 0 && counts.Dead == 0) Output.Line("Nothing to deliver.");
    }

    private static async Task<int> ListAsync(Session session, CancellationToken cancellation)
    {
        var counts = await OutboxEvents.CountAsync(session.Database, cancellation);
        var dead = await OutboxEvents.DeadAsync(session.Database, cancellation: cancellation);
        if (session.Json)
        {
            Session.PrintJson(new { counts, dead });
            return ExitCodes.Ok;
        }

        Output.Columns(["state", "events"], [["pending", $"{counts.Pending}"], ["delivered", $"{counts.Delivered}"], ["dead", $"{counts.Dead}"], ["discarded", $"{counts.Discarded}"]]);
        if (counts.NextAttemptAt is { } next) Output.Line($"The next is due at {next.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC.");
        if (dead.IsEmpty) return ExitCodes.Ok;
        Output.Line();
        Output.Columns(["dead", "column", "captured (UTC)", "attempts", "last error"], dead.Select(d => (string[])[$"{d.Id}", $"{d.Table}.{d.Column}", $"{d.CapturedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss}", $"{d.Attempts}", d.LastError]));
        if (counts.Dead > dead.Length) Output.Line($"and {counts.Dead - dead.Length} more");
        return ExitCodes.Ok;
    }

    private static async Task<int> RetryAsync(Session session, CancellationToken cancellation)
    {
        var retried = await OutboxEvents.RetryAsync(session.Database, session.Parsed.GetValue(DeadIds) ?? [], cancellation);
        if (session.Json) Session.PrintJson(new { retried });
        else Output.Line($"{retried} event(s) are tried again:  expunge outbox run");
        return ExitCodes.Ok;
    }

    private static async Task<int> DiscardAsync(Session session, CancellationToken cancellation)
    {
        var ids = session.Parsed.GetValue(Ids)!;
        await session.ConfirmAsync($"Give up {ids.Distinct().Count()} event(s) of the outbox of {session.Where} and erase their values? What they name outside the database stays there.", cancellation);
        var discarded = await OutboxEvents.DiscardAsync(session.Database, ids, cancellation);
        if (session.Json) Session.PrintJson(new { discarded });
        else Output.Line($"Discarded {discarded} event(s); their values are erased.");
        return ExitCodes.Ok;
    }

    private static Option<int> Number(string name, string helpName, string description, int value, int most) => new(name)
    {
        Description = description,
        HelpName = helpName,
        DefaultValueFactory = _ => value,
        Validators = { result => { if (result.Tokens.Count > 0 && result.GetValueOrDefault<int>() is var number && (number < 1 || number > most)) result.AddError($"{name} takes a number from 1 to {most}."); } },
    };
}
