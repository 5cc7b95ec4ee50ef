using System.Text.Json;
using System.Text.RegularExpressions;
using Expunge.Server.Accounts;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Expunge.Server.Api;

/// <summary>Turns what went wrong into an RFC 9457 problem: what happened, to which object, what to do next. Never 200, never a stack trace, never PostgreSQL's DETAIL (it holds row values).</summary>
internal sealed partial class Problems(IProblemDetailsService writer, ILogger<Problems> log) : IExceptionHandler
{
    private const int RetryAfterSeconds = 5;
    private const string Correct = "Correct the request; /docs shows what it takes. Nothing was changed.";

    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
    {
        // The caller is gone; there is nobody to answer.
        if (exception is OperationCanceledException && context.RequestAborted.IsCancellationRequested) return true;
        // Not the address itself: it can hold a user's key.
        var route = (context.Features.Get<IExceptionHandlerFeature>()?.Endpoint as RouteEndpoint)?.RoutePattern.RawText ?? "no route";
        var problem = Logged(exception, log, context.Request.Method, route);
        context.Response.StatusCode = problem.Status!.Value;
        if (problem.Status is StatusCodes.Status503ServiceUnavailable && exception is not ExpungeException { Code: ErrorCodes.CommitUnknown }) context.Response.Headers.RetryAfter = $"{RetryAfterSeconds}";
        if (problem.Status is StatusCodes.Status429TooManyRequests) context.Response.Headers.RetryAfter = "60";
        return await writer.TryWriteAsync(new ProblemDetailsContext { HttpContext = context, ProblemDetails = problem, Exception = exception });
    }

    /// <summary>The problem; one that is the server's is written to the log, for a request and a page alike.</summary>
    public static ProblemDetails Logged(Exception exception, ILogger log, string method, string route)
    {
        var problem = Of(exception);
        // A server that stops rolls back what is at work: that is no mistake.
        if (problem.Status >= StatusCodes.Status500InternalServerError && exception is not OperationCanceledException)
        {
            if (exception is ExpungeException e) Log.Refused(log, method, route, problem.Status.Value, e.Code is not (ErrorCodes.CannotConnect or ErrorCodes.LockNotAvailable) && e.InnerException is PostgresException refusal ? ForLog(refusal) : e.Message, e.Code);
            else Log.Failed(log, method, route, problem.Status.Value, ForLog(exception));
        }

        return problem;
    }

    // Not PostgreSQL's words: a trigger's can hold what a row holds, and so can those on a value that is refused.
    public static string ForLog(Exception exception) =>
        (exception is PostgresException e ? ForLog(e) : $"{exception.GetType()}: {exception.Message}") + $"\n{exception.StackTrace}{(exception.InnerException is { } inner ? $"\n---> {ForLog(inner)}" : "")}";

    public static string ForLog(PostgresException refusal) => $"PostgreSQL refused it, SQLSTATE {refusal.SqlState}{Of(refusal.TableName, "table")}{Of(refusal.ConstraintName, "constraint")}";

    private static string Of(string? name, string kind) => name is null ? "" : $", {kind} {name}";

    public static ProblemDetails Of(Exception exception) => exception switch
    {
        // Its message names the server and the role, which is nothing for a caller who has not signed in.
        ExpungeException { Code: ErrorCodes.CannotConnect } => Of(new NpgsqlException()),
        ExpungeException e => Problem(Status(e.Code), e.Message, e.Code, e.NextStep),
        BadHttpRequestException { InnerException: JsonException json } => Problem(StatusCodes.Status400BadRequest, $"The body is not the JSON that is expected here{(json.Path is { } path ? $", at {path}" : "")}.", next: Correct),
        BadHttpRequestException { StatusCode: StatusCodes.Status400BadRequest } e => Problem(StatusCodes.Status400BadRequest, Wrong(e.Message), next: Correct),
        // ProblemWriter says what the status means.
        BadHttpRequestException e => new ProblemDetails { Status = e.StatusCode },
        TooManyAttemptsException e => Problem(StatusCodes.Status429TooManyRequests, e.Message, next: "Try again in a minute."),
        NotAllowedException e => Problem(StatusCodes.Status403Forbidden, e.Message, next: "Nothing was changed."),
        OperationCanceledException => Problem(StatusCodes.Status503ServiceUnavailable, "The server is stopping. A deletion goes on when it runs again; whatever else was not finished was rolled back.", next: "Try again when it runs."),
        PostgresException { IsTransient: false } e when !e.SqlState.StartsWith("57", StringComparison.Ordinal) => Problem(StatusCodes.Status500InternalServerError, $"PostgreSQL refused a statement (SQLSTATE {e.SqlState}).", next: "The server's log says more."),
        NpgsqlException => Problem(StatusCodes.Status503ServiceUnavailable, "The database does not answer, or ended the connection.", ErrorCodes.CannotConnect, "Try again when it does."),
        _ => Problem(StatusCodes.Status500InternalServerError, "The server made a mistake.", next: "The server's log says more; please report it."),
    };

    // The framework's own words name C#'s types and its attributes.
    private static string Wrong(string message) => Unbound().Match(message) is { Success: true } unbound ? $"'{unbound.Groups["name"].Value}' can't be '{unbound.Groups["value"].Value}'."
        : message.Contains("no body was provided", StringComparison.Ordinal) ? "The request has no body, or one that is null." : message;

    [GeneratedRegex("^Failed to bind parameter \"\\S+ (?<name>\\w+)\" from \"(?<value>.*)\"\\.$", RegexOptions.ExplicitCapture | RegexOptions.Singleline, 1000)]
    private static partial Regex Unbound();

    private static ProblemDetails Problem(int status, string detail, string? code = null, string? next = null)
    {
        var problem = new ProblemDetails { Status = status, Detail = detail };
        if (code is not null) problem.Extensions["code"] = code;
        if (next is not null) problem.Extensions["next_step"] = next;
        return problem;
    }

    private static int Status(string code) => code switch
    {
        ErrorCodes.BadId or ErrorCodes.BadAccount or ErrorCodes.TooManySubjects => StatusCodes.Status400BadRequest,
        ErrorCodes.AccountNotFound or ErrorCodes.SubjectNotFound or ErrorCodes.DeletionNotFound => StatusCodes.Status404NotFound,
        ErrorCodes.IdempotencyKeyUsed => StatusCodes.Status422UnprocessableEntity,
        ErrorCodes.NoMarkColumn or ErrorCodes.PolicyInvalid or ErrorCodes.RootNotFound => StatusCodes.Status409Conflict,
        ErrorCodes.ServerIsStandby or ErrorCodes.LockNotAvailable or ErrorCodes.SearchTooSlow or ErrorCodes.ServerGaveUp or ErrorCodes.CommitUnknown => StatusCodes.Status503ServiceUnavailable,
        // What was committed is no conflict that a second try would meet again.
        ErrorCodes.LateRows or ErrorCodes.SubjectTableChanged => StatusCodes.Status500InternalServerError,
        _ when code.StartsWith("EXP2", StringComparison.Ordinal) => StatusCodes.Status409Conflict,
        _ => StatusCodes.Status500InternalServerError,
    };
}
