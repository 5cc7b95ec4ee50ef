using System.Collections.Immutable;
using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Server.Accounts;
using Expunge.Server.Api;
using Expunge.Subjects;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Expunge.Server;

/// <summary>What an admin does to users, for the API and the dashboard alike. A caller that goes away does not stop it; the server's end rolls it back.</summary>
internal sealed class UserActions(Database database, PolicyFile policy, SubjectTable table, Attempts attempts, ServerOptions options, IHostApplicationLifetime lifetime, ILogger<UserActions> log)
{
    public string Noun => table.Noun;

    public ImmutableArray<string> Ids(UserIdsRequest request) => UserIds.Read(request.UserIds, table, options.MaxIdsPerRequest);

    /// <summary>The document's errors, or null when there are none.</summary>
    public ImmutableArray<string>? NotFound(ImmutableArray<string> keys) => keys.IsEmpty ? null : [.. keys.Select(k => $"{char.ToUpperInvariant(Noun[0])}{Noun[1..]} {k} not found")];

    public async Task<MarkingResult> MarkAsync(Account account, ImmutableArray<string> ids)
    {
        var result = await Marking.MarkAsync(database, table, ids, lifetime.ApplicationStopping);
        Log.Marked(log, account.Name, result.Changed.Length, $"{table.Root}");
        return result;
    }

    public async Task<MarkingResult> UnmarkAsync(Account account, ImmutableArray<string> ids)
    {
        var result = await Marking.UnmarkAsync(database, table, ids, lifetime.ApplicationStopping);
        Log.Unmarked(log, account.Name, result.Changed.Length, $"{table.Root}");
        return result;
    }

    public Task<DeletionEstimate> EstimateAsync(ImmutableArray<string> ids, CancellationToken cancellation) => Estimator.EstimateAsync(database, policy, ids, cancellation);

    public async Task<DeletionResult> DeleteAsync(Account account, ImmutableArray<string> ids)
    {
        attempts.Delete(account);
        if (ids.IsEmpty) return new DeletionResult([], [], [], "nothing to count", 0, TimeSpan.Zero);
        DeletionResult result;
        try
        {
            result = await Deleter.DeleteAsync(database, policy, ids, lifetime.ApplicationStopping);
        }
        catch (ExpungeException e) when (e.Code is ErrorCodes.LateRows or ErrorCodes.CommitUnknown)
        {
            Log.DeletedWithTrouble(log, account.Name, ids.Length, $"{table.Root}", e.Code);
            throw;
        }

        Log.Deleted(log, account.Name, result.Deleted.Length, $"{table.Root}", result.TotalDeleted, (long)result.Elapsed.TotalMilliseconds);
        return result;
    }
}
