using System.Collections.Immutable;
using Expunge.Auditing;
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
internal sealed class UserActions(Database database, PolicyFile policy, SubjectTable table, ServerOptions options, IHostApplicationLifetime lifetime, ILogger<UserActions> log)
{
    public string Noun => table.Noun;

    public ImmutableArray<string> Ids(UserIdsRequest request) => UserIds.Read(request.UserIds, table, options.MaxIdsPerRequest);

    /// <summary>The document's errors, or null when there are none.</summary>
    public ImmutableArray<string>? NotFound(ImmutableArray<string> keys) => keys.IsEmpty ? null : [.. keys.Select(k => $"{table.Title} {k} not found")];

    public async Task<MarkingResult> MarkAsync(Account account, string? address, ImmutableArray<string> ids)
    {
        var result = await Marking.MarkAsync(database, table, ids, new AuditEvent(account.Name, "marked for deletion") { Address = address }, lifetime.ApplicationStopping);
        Log.Marked(log, account.Name, result.Changed.Length, $"{table.Root}");
        return result;
    }

    public async Task<MarkingResult> UnmarkAsync(Account account, string? address, ImmutableArray<string> ids)
    {
        var result = await Marking.UnmarkAsync(database, table, ids, new AuditEvent(account.Name, "unmarked") { Address = address }, lifetime.ApplicationStopping);
        Log.Unmarked(log, account.Name, result.Changed.Length, $"{table.Root}");
        return result;
    }

    public Task<DeletionEstimate> EstimateAsync(ImmutableArray<string> ids, CancellationToken cancellation) => Estimator.EstimateAsync(database, policy, ids, cancellation);
}
