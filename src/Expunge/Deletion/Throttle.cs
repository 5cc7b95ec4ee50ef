using System.Diagnostics;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Deletion;

/// <summary>Between two transactions of a deletion: makes way for standbys, keeps to the rate, and names who makes it slow.</summary>
internal sealed class Throttle(NpgsqlConnection connection, DeletionOptions options, Action<string> note)
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    private readonly Standbys _standbys = new(options.MaxLag);
    private long _began = Stopwatch.GetTimestamp();
    private long _looked = Stopwatch.GetTimestamp();
    private string _named = "";

    /// <summary>After a transaction: waits where it must.</summary>
    /// <param name="rows">How many rows it has deleted and set.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    public async Task AfterAsync(long rows, CancellationToken cancellation)
    {
        if (options.Rate is { } rate && TimeSpan.FromSeconds((double)rows / rate) - Stopwatch.GetElapsedTime(_began) is { Ticks: > 0 } early) await Task.Delay(early, cancellation);
        if (Stopwatch.GetElapsedTime(_looked) >= (options.MaxLag < BetweenLooks ? options.MaxLag : BetweenLooks))
        {
            await _standbys.WroteAsync(connection, cancellation);
            var (waited, waiting) = (false, Stopwatch.GetTimestamp());
            await _standbys.WaitAsync(
                connection, maxWait: null,
                who =>
                {
                    waited = true;
                    note($"waits for {who}");
                },
                cancellation);
            if (waited) DeletionTelemetry.WaitedForStandbys(Stopwatch.GetElapsedTime(waiting));
            _looked = Stopwatch.GetTimestamp();
        }

        _began = Stopwatch.GetTimestamp();
    }

    /// <summary>Names the transactions that have been open for long, each once.</summary>
    public async Task NameOldAsync(CancellationToken cancellation)
    {
        var old = await OpenTransactions.ReadAsync(connection, options.LongOpen, cancellation);
        // The time that it has been open is part of the name.
        var who = string.Join(", ", old);
        if (old.Count == 0 || _named == string.Join(", ", old.Select(o => o.Split(',')[0]))) return;
        _named = string.Join(", ", old.Select(o => o.Split(',')[0]));
        note($"deleted rows can't be cleaned up while other transactions are open, and that makes it slow: {who}");
    }
}
