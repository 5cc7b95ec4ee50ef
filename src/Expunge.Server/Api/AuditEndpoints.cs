using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Expunge.Auditing;
using Expunge.Postgres;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Expunge.Server.Api;

/// <summary><c>/api/v1/admin/audit</c>: who did what.</summary>
internal static class AuditEndpoints
{
    private const int MostListed = 1000;

    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/admin/audit", ListAsync).WithTags("Audit").WithName("ListAudit")
        .WithSummary("Lists the audit, the newest entries first. The header Link leads to the next page.").ProducesProblem(StatusCodes.Status400BadRequest);

    private static async Task<Ok<IEnumerable<AuditResponse>>> ListAsync(
        HttpContext context, Database database, CancellationToken cancellation,
        [Range(1, MostListed), Description("How many to list")] int limit = 100,
        [Description("Only entries with a smaller number")] long? before = null)
    {
        if (limit is < 1 or > MostListed) throw new BadHttpRequestException($"'limit' is from 1 to {MostListed}.");
        var entries = await AuditLog.ListAsync(database, limit, before, cancellation);
        if (entries.Length == limit) context.LinkNext(new("limit", $"{limit}"), new("before", $"{entries[^1].Id}"));
        return TypedResults.Ok(entries.Select(e => new AuditResponse(e.Id, e.At, e.Event.Actor!, e.Event.Action, e.Event.Object, e.Event.Count, e.Event.Address, e.Event.Outcome, e.Hash)));
    }
}

/// <summary>An entry of the audit.</summary>
/// <param name="Id">Its number, without gaps.</param>
/// <param name="At">When.</param>
/// <param name="Actor">Who; empty where nobody was signed in.</param>
/// <param name="Action">What.</param>
/// <param name="Object">To what; null where the action says it.</param>
/// <param name="Count">To how many; null where that means nothing.</param>
/// <param name="Address">From where; null for the server's own.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Hash">SHA-256 over the entry and the hash of the one before.</param>
internal sealed record AuditResponse(long Id, DateTimeOffset At, string Actor, string Action, string? Object, long? Count, string? Address, string Outcome, string Hash);
