using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Server.Accounts;
using Expunge.Subjects;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Expunge.Server.Api;

/// <summary><c>/api/v1/admin/users</c>: the document's endpoints, paths, shapes and defaults.</summary>
internal static class UserEndpoints
{
    private const int MostListed = 1000;
    private const int LongestSearch = 200;

    public static void Map(IEndpointRouteBuilder api)
    {
        var users = api.MapGroup("/admin/users").WithTags("Users");
        users.MapGet("/", ListAsync).WithName("ListUsers").WithSummary("Lists users in the order of their keys. The header Link leads to the next page.")
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status409Conflict);
        Post("/mark-for-deletion", MarkAsync, "MarkForDeletion", "Deactivates users and marks them for deletion; their data stay.");
        Post("/delete", MarkAsync, "DeleteUsers", "The old name of mark-for-deletion.").AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.Deprecated = true;
            return Task.CompletedTask;
        });
        Post("/unmark", UnmarkAsync, "Unmark", "Takes the mark back and activates the users again.");
        Post("/delete-permanently", DeleteAsync, "DeletePermanently", "Deletes users with everything that is theirs. This can't be undone. What takes longer than the answer may wait is a 202, and goes on; whoever can't be deleted is named and keeps none of the others.")
            .Produces<DeletionResponse>(StatusCodes.Status202Accepted).ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        users.MapGet("/{id}/reach", ReachAsync).WithName("ShowReach").WithSummary("What a user has in each table of the reach, by which path, and what a deletion would do with it.")
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status503ServiceUnavailable);

        RouteHandlerBuilder Post(string path, Delegate handler, string name, string summary) => users.MapPost(path, handler).WithName(name).WithSummary(summary)
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status409Conflict).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<Ok<IEnumerable<JsonElement>>> ListAsync(
        HttpContext context, Database database, PolicyFile policy, SubjectTable table, CancellationToken cancellation,
        [Range(0, long.MaxValue), Description("How many to pass over")] long skip = 0,
        [Range(1, MostListed), Description("How many to list")] int limit = 200,
        [MaxLength(LongestSearch), Description("A part of a searched column, or the whole key")] string? search = null,
        [RegularExpression("^(active|marked|due)$"), Description("active, marked (for deletion), or due: marked for as long as the grace period")] string? state = null,
        [Description("The key after which to go on; quicker than skip on a large table")] string? after = null)
    {
        if (skip < 0) throw new BadHttpRequestException("'skip' is 0 or more.");
        if (limit is < 1 or > MostListed) throw new BadHttpRequestException($"'limit' is from 1 to {MostListed}.");
        if (search is { Length: > LongestSearch }) throw new BadHttpRequestException($"'search' has {LongestSearch} characters at most.");
        if (skip > 0 && after is not null) throw new BadHttpRequestException("'skip' and 'after' exclude each other.");
        var users = await SubjectList.ReadAsync(database, table, new SubjectQuery { Search = search, State = State(state), GracePeriod = policy.GracePeriod, Skip = skip, Limit = limit, After = after }, cancellation);
        if (users.Length == limit) context.LinkNext([new("limit", $"{limit}"), new("after", users[^1].Key), .. Given("search", search), .. Given("state", state)]);
        return TypedResults.Ok(users.Select(u => u.Values));

        static KeyValuePair<string, string?>[] Given(string name, string? value) => value is null ? [] : [new(name, value)];
    }

    private static SubjectState? State(string? state) => state switch
    {
        null => null,
        "active" => SubjectState.Active,
        "marked" => SubjectState.Marked,
        "due" => SubjectState.Due,
        _ => throw new BadHttpRequestException("'state' is active, marked or due."),
    };

    private static async Task<Ok<UpdatedResponse>> MarkAsync(UserIdsRequest request, HttpContext context, Account account, UserActions actions)
    {
        var result = await actions.MarkAsync(account, context.Address(), actions.Ids(request));
        return TypedResults.Ok(new UpdatedResponse(result.Found.Length, $"Marked {result.Found.Length} {actions.Noun}(s) for deletion", actions.NotFound(result.NotFound)));
    }

    private static async Task<Ok<UpdatedResponse>> UnmarkAsync(UserIdsRequest request, HttpContext context, Account account, UserActions actions)
    {
        var result = await actions.UnmarkAsync(account, context.Address(), actions.Ids(request));
        return TypedResults.Ok(new UpdatedResponse(result.Found.Length, $"Unmarked {result.Found.Length} {actions.Noun}(s)", actions.NotFound(result.NotFound)));
    }

    private static async Task<Results<Ok<DeletedResponse>, Accepted<DeletionResponse>>> DeleteAsync(
        UserIdsRequest request, HttpContext context, Account account, UserActions actions, DeletionRequests deletions, ServerOptions options, CancellationToken cancellation)
    {
        var ids = actions.Ids(request);
        var (key, wait) = (Preferences.IdempotencyKey(context.Request.Headers), Preferences.Wait(context.Request.Headers, options));
        if (ids.IsEmpty) return TypedResults.Ok(Deleted(0, null));
        var job = await deletions.SubmitAsync(account, ids, key, context.Address());
        job = await deletions.WaitAsync(job.Id, wait, cancellation);
        var location = $"{context.Request.PathBase}/api/v1/admin/deletions/{job.Id}";
        // Who does not want to wait gets the same answer however quick it was.
        if (!job.IsOver || wait == TimeSpan.Zero)
        {
            // It does not go on by itself.
            if (job is { State: DeletionState.Paused, Reason: { } reason }) throw DeletionRequests.Refusal($"Deletion {job.Id} is paused. {reason}");
            return TypedResults.Accepted(location, DeletionResponse.Of(job));
        }

        context.Response.Headers.ContentLocation = location;
        var undeleted = await deletions.UndeletedAsync(job, ids, cancellation);
        if (job.Subjects is { Deleted: 0, Failed: > 0 } or { Deleted: 0, Cancelled: > 0 }) throw DeletionRequests.Refusal(deletions.Error(undeleted.First(u => u.State is "failed" or "cancelled")));
        return TypedResults.Ok(Deleted(job.Subjects.Deleted, undeleted.IsEmpty ? null : [.. undeleted.Select(deletions.Error)]));

        DeletedResponse Deleted(long deleted, ImmutableArray<string>? errors) => new(deleted, $"Permanently deleted {deleted} {actions.Noun}(s) and all associated data", errors);
    }

    private static async Task<Ok<ReachResponse>> ReachAsync(string id, Database database, PolicyFile policy, UserActions actions, CancellationToken cancellation)
    {
        var references = await Estimator.ExplainAsync(database, policy, id, cancellation);
        if (references.IsEmpty) throw new ExpungeException(ErrorCodes.SubjectNotFound, $"There is no {actions.Noun} {id}.", "GET /api/v1/admin/users lists them.");
        var estimate = await Estimator.EstimateAsync(database, policy, [id], cancellation);
        return TypedResults.Ok(new ReachResponse(references, estimate.Lines, estimate.TotalDeleted, estimate.TotalUpdated, estimate.Blockers));
    }
}

/// <summary>What a user has, and what a deletion would do.</summary>
/// <param name="References">Per reference, also where there is no row; a row that refers by two of them is in both.</param>
/// <param name="Tables">Per table, each row once.</param>
/// <param name="Deleted">All rows that would be deleted.</param>
/// <param name="Updated">All rows that would stay and lose a reference.</param>
/// <param name="Blockers">What stands in the way.</param>
internal sealed record ReachResponse(ImmutableArray<ExplainedReference> References, ImmutableArray<DeletionLine> Tables, long Deleted, long Updated, ImmutableArray<Blocker> Blockers);

/// <summary>The users that a request is about.</summary>
/// <param name="UserIds">Their keys: integers where the root's key is one, else strings.</param>
internal sealed record UserIdsRequest(JsonElement UserIds);

/// <summary>The answer to marking and unmarking.</summary>
/// <param name="Updated">How many were found.</param>
/// <param name="Message">The same for people.</param>
/// <param name="Errors">The users that were not found; left out when there are none.</param>
internal sealed record UpdatedResponse(int Updated, string Message, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ImmutableArray<string>? Errors);

/// <summary>The answer to a permanent deletion.</summary>
/// <param name="Deleted">How many were deleted.</param>
/// <param name="Message">The same for people.</param>
/// <param name="Errors">The users that were not deleted, and why; left out when there are none.</param>
internal sealed record DeletedResponse(long Deleted, string Message, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ImmutableArray<string>? Errors);
