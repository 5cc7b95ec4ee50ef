using Expunge.Postgres;
using Npgsql;

namespace Expunge.Revisions;

/// <summary>Watches an index build from another connection (PostgreSQL docs, Progress Reporting, <c>pg_stat_progress_create_index</c>).</summary>
internal sealed class IndexProgress : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _end = new();
    private readonly Task _watching;

    private IndexProgress(Database database, int backend, Action<string, double?> report) => _watching = WatchAsync(database, backend, report);

    /// <param name="database">Where the build runs.</param>
    /// <param name="backend">The server process that builds.</param>
    /// <param name="report">Told the phase, in PostgreSQL's words, and how much of it is done.</param>
    public static IndexProgress Watch(Database database, int backend, Action<string, double?> report) => new(database, backend, report);

    private async Task WatchAsync(Database database, int backend, Action<string, double?> report)
    {
        try
        {
            // Most builds are over before the first look.
            await Task.Delay(Interval, _end.Token);
            await using var connection = await database.OpenAsync(_end.Token);
            for (; ; await Task.Delay(Interval, _end.Token))
            {
                var seen = await connection.ListAsync(
                    """
                    SELECT phase, CASE WHEN blocks_total > 0 THEN blocks_done::float8 / blocks_total WHEN tuples_total > 0 THEN tuples_done::float8 / tuples_total END
                      FROM pg_stat_progress_create_index WHERE pid = $1
                    """,
                    r => (Phase: r.GetString(0), Fraction: r.IsDBNull(1) ? (double?)null : r.GetDouble(1)), _end.Token, backend);
                foreach (var (phase, fraction) in seen) report(phase, fraction);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ExpungeException or NpgsqlException)
        {
            // Only for show: the build itself says what is wrong.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _watching;
        _end.Dispose();
    }
}
