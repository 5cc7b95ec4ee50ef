using System.Diagnostics;
using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Expunge.Deletion;
using Expunge.Postgres;
using Expunge.Receipts;
using Expunge.Server.Accounts;
using Expunge.Server.Workers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Expunge.Server.Api;

/// <summary><c>/api/v1/admin/deletions</c>: deletions as they are recorded.</summary>
internal static class DeletionEndpoints
{
    private const int MostListed = 200;
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    public static void Map(IEndpointRouteBuilder api)
    {
        var deletions = api.MapGroup("/admin/deletions").WithTags("Deletions");
        deletions.MapGet("/", ListAsync).WithName("ListDeletions").WithSummary("Lists deletions, the newest first. The header Link leads to the next page.").ProducesProblem(StatusCodes.Status400BadRequest);
        deletions.MapGet("/{id:long}", ShowAsync).WithName("ShowDeletion").WithSummary("One deletion: how far it is, and what it has deleted.").ProducesProblem(StatusCodes.Status404NotFound);
        deletions.MapGet("/{id:long}/failures", FailuresAsync).WithName("ListFailures").WithSummary("The users that a deletion could not delete, with the reason.").ProducesProblem(StatusCodes.Status404NotFound);
        deletions.MapGet("/{id:long}/events", EventsAsync).WithName("FollowDeletion").WithSummary("Server-sent events: 'progress' with the deletion whenever it has changed, and 'end' when it is over.")
            // It holds no place of those that are few.
            .DisableRateLimiting().ProducesProblem(StatusCodes.Status404NotFound);
        deletions.MapGet("/{id:long}/receipt", ReceiptAsync).WithName("ShowReceipt").WithSummary("The receipt, as it was sealed when the deletion ended.")
            .Produces<string>(StatusCodes.Status200OK, "application/json").ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        Post("/pause", (id, account, requests, context) => requests.PauseAsync(account, id, context.Address()), "PauseDeletion", "Holds a deletion after the users that it has in hand.");
        Post("/resume", (id, account, requests, context) => requests.ResumeAsync(account, id, context.Address()), "ResumeDeletion", "Lets a paused deletion go on.");
        Post("/cancel", (id, account, requests, context) => requests.CancelAsync(account, id, context.Address()), "CancelDeletion", "Gives up what a deletion has not begun, and what failed.");
        Post("/retry", (id, account, requests, context) => requests.RetryAsync(account, id, context.Address()), "RetryDeletion", "Tries again what failed.");

        void Post(string path, Func<long, Account, DeletionRequests, HttpContext, Task<DeletionJob>> change, string name, string summary) =>
            deletions.MapPost("/{id:long}" + path, async (long id, Account account, DeletionRequests requests, HttpContext context) => TypedResults.Ok(DeletionResponse.Of(await change(id, account, requests, context))))
                .WithName(name).WithSummary(summary).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<Ok<IEnumerable<DeletionResponse>>> ListAsync(
        HttpContext context, Database database, CancellationToken cancellation,
        [Range(1, MostListed), Description("How many to list")] int limit = 50,
        [Description("Only those with a smaller number")] long? before = null)
    {
        if (limit is < 1 or > MostListed) throw new BadHttpRequestException($"'limit' is from 1 to {MostListed}.");
        var jobs = await Deletions.ListAsync(database, limit, before, cancellation);
        if (jobs.Length == limit) context.LinkNext(new("limit", $"{limit}"), new("before", $"{jobs[^1].Id}"));
        return TypedResults.Ok(jobs.Select(DeletionResponse.Of));
    }

    private static async Task<Ok<DeletionResponse>> ShowAsync(long id, Database database, CancellationToken cancellation) => TypedResults.Ok(DeletionResponse.Of(await Deletions.ReadAsync(database, id, cancellation)));

    private static async Task<Ok<ImmutableArray<FailedSubject>>> FailuresAsync(long id, Database database, CancellationToken cancellation)
    {
        await Deletions.ReadAsync(database, id, cancellation);
        return TypedResults.Ok(await Deletions.FailuresAsync(database, id, MostListed, cancellation));
    }

    private static async Task<FileContentHttpResult> ReceiptAsync(long id, Database database, SigningKeys keys, CancellationToken cancellation) =>
        TypedResults.Bytes((await ReceiptStore.GetAsync(database, id, keys.Current, cancellation)).Bytes, "application/json");

    private static async Task<ServerSentEventsResult<DeletionResponse>> EventsAsync(long id, Database database, SignIns signIns, IHostApplicationLifetime lifetime, HttpContext context)
    {
        // Before the answer begins: what is not there is a 404.
        var first = await Deletions.ReadAsync(database, id, context.RequestAborted);
        return TypedResults.ServerSentEvents(FollowAsync(first, database, async () => await signIns.AccountAsync(context.User, context.RequestAborted) is not null, lifetime.ApplicationStopping, context.RequestAborted));
    }

    private static async IAsyncEnumerable<SseItem<DeletionResponse>> FollowAsync(DeletionJob job, Database database, Func<Task<bool>> isSignedIn, CancellationToken stopping, [EnumeratorCancellation] CancellationToken cancellation)
    {
        (DeletionState, long, SubjectCounts)? told = null;
        var toldAt = 0L;
        while (true)
        {
            var now = (job.State, job.TotalDeleted, job.Subjects);
            // Where nothing changes, too: it keeps the connection open, and shows that nobody listens any more. A sign-in ends in between.
            if (told is not null && Stopwatch.GetElapsedTime(toldAt) > Heartbeat)
            {
                if (!await isSignedIn()) yield break;
                told = null;
            }

            if (told != now)
            {
                toldAt = Stopwatch.GetTimestamp();
                yield return new SseItem<DeletionResponse>(DeletionResponse.Of(job), job.IsOver ? "end" : "progress") { EventId = $"{job.Id}-{job.Subjects.Total - job.Subjects.Pending}-{job.TotalDeleted}" };
            }

            if (job.IsOver || stopping.IsCancellationRequested) yield break;
            told = now;
            await Task.Delay(Beat, cancellation);
            job = await Deletions.ReadAsync(database, job.Id, cancellation);
        }
    }
}
