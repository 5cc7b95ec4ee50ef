using Expunge.Server.Accounts;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Expunge.Server.Api;

/// <summary>Turns what went wrong into an RFC 9457 problem: what happened, to which object, what to do next. Never 200, never a stack trace, never PostgreSQL's DETAIL (it holds row values).</summary>
internal sealed class Problems(IProblemDetailsService writer, ILogger<Problems> log) : IExceptionHandler
{
    private const int RetryAfterSeconds = 5;

    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
    {
        // The caller is gone; there is nobody to answer.
        if (exception is OperationCanceledException && context.RequestAborted.IsCancellationRequested) return true;
        var problem = Of(exception);
        if (problem.Status >= StatusCodes.Status500InternalServerError)
        {
            if (exception is ExpungeException e) Log.Refused(log, context.Request.Method, context.Request.Path, problem.Status.Value, e.Message, e.Code);
            else Log.Failed(log, context.Request.Method, context.Request.Path, problem.Status.Value, exception);
        }

        context.Response.StatusCode = problem.Status!.Value;
        if (problem.Status is StatusCodes.Status503ServiceUnavailable) context.Response.Headers.RetryAfter = $"{RetryAfterSeconds}";
        if (problem.Status is StatusCodes.Status429TooManyRequests) context.Response.Headers.RetryAfter = "60";
        return await writer.TryWriteAsync(new ProblemDetailsContext { HttpContext = context, ProblemDetails = problem, Exception = exception });
    }

    public static ProblemDetails Of(Exception exception) => exception switch
    {
        // Its message names the server and the role, which is nothing for a caller who has not signed in.
        ExpungeException { Code: ErrorCodes.CannotConnect } => Of(new NpgsqlException()),
        ExpungeException e => Problem(Status(e.Code), e.Message, e.Code, e.NextStep),
        BadHttpRequestException e => Problem(e.StatusCode, e.InnerException is System.Text.Json.JsonException json ? $"The body is not the JSON that is expected here{(json.Path is { } path ? $", at {path}" : "")}." : e.Message),
        TooManyAttemptsException e => Problem(StatusCodes.Status429TooManyRequests, e.Message, next: "Try again in a minute."),
        OperationCanceledException => Problem(StatusCodes.Status503ServiceUnavailable, "The server is stopping. What was not finished was rolled back.", next: "Send the request again when it runs."),
        PostgresException { IsTransient: false } e when !e.SqlState.StartsWith("57P", StringComparison.Ordinal) => Problem(StatusCodes.Status500InternalServerError, $"PostgreSQL refused a statement (SQLSTATE {e.SqlState}).", next: "The server's log says more."),
        NpgsqlException => Problem(StatusCodes.Status503ServiceUnavailable, "The database does not answer, or ended the connection.", ErrorCodes.CannotConnect, "Send the request again when it does."),
        _ => Problem(StatusCodes.Status500InternalServerError, "The server made a mistake.", next: "The server's log says more; please report it."),
    };

    private static ProblemDetails Problem(int status, string detail, string? code = null, string? next = null)
    {
        var problem = new ProblemDetails { Status = status, Detail = detail };
        if (code is not null) problem.Extensions["code"] = code;
        if (next is not null) problem.Extensions["next_step"] = next;
        return problem;
    }

    private static int Status(string code) => code switch
    {
        ErrorCodes.BadId or ErrorCodes.BadAccount => StatusCodes.Status400BadRequest,
        ErrorCodes.AccountNotFound => StatusCodes.Status404NotFound,
        ErrorCodes.NoMarkColumn => StatusCodes.Status409Conflict,
        ErrorCodes.CannotConnect or ErrorCodes.ServerIsStandby or ErrorCodes.LockNotAvailable or ErrorCodes.SearchTooSlow => StatusCodes.Status503ServiceUnavailable,
        // What was committed is no conflict that a second try would meet again.
        ErrorCodes.LateRows or ErrorCodes.SubjectTableChanged => StatusCodes.Status500InternalServerError,
        _ when code.StartsWith("EXP2", StringComparison.Ordinal) => StatusCodes.Status409Conflict,
        _ => StatusCodes.Status500InternalServerError,
    };
}
