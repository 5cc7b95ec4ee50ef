using System.Data;
using Npgsql;

namespace Expunge.Revisions;

/// <summary>
/// A connection that broke in the middle, or that the server ended: a restart, a failover, a network that is gone. The run ends then, because the lock that keeps others out went with it; what was on its way
/// is rolled back or, where only the answer was lost, done. The next run looks.
/// </summary>
internal static class LostConnection
{
    /// <summary>Does the work; where a connection gets lost, says so and what to do.</summary>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.ConnectionLost"/>.</exception>
    public static async Task<T> NameAsync<T>(NpgsqlConnection connection, bool reverting, Func<Task<T>> work, CancellationToken cancellation)
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && (IsOf(e, connection) || e is ExpungeException { Code: ErrorCodes.CannotConnect }))
        {
            throw Of(e, "The connection to the server was lost", reverting);
        }
    }

    /// <summary>Whether that is why something failed. Npgsql closes a connection also when the server only said why it will end it, or that it is out of memory or disk.</summary>
    public static bool IsOf(Exception e, NpgsqlConnection connection) => e is NpgsqlException && (e is not PostgresException || connection.State != ConnectionState.Open);

    public static ExpungeException Of(Exception e, Step step, bool reverting) => Of(e, $"The connection to the server was lost on {step.Table} ({step.Description})", reverting);

    private static ExpungeException Of(Exception e, string what, bool reverting)
    {
        var why = e is PostgresException p ? $"{p.MessageText} (SQLSTATE {p.SqlState})" : (e is NpgsqlException { InnerException: { } cause } ? cause : e).Message;
        return new ExpungeException(
            ErrorCodes.ConnectionLost, $"{what}: {why.TrimEnd('.')}.",
            // "-1" is the revision before where the lost answer was that all is done.
            reverting ? "What is done stays done. When the server is there:  expunge current  says where it stands, and while that is 'reverting',  expunge downgrade -1  goes on."
                : "What is done stays done. When the server is there, run the same command again; it goes on from there:  expunge upgrade head",
            e);
    }
}
