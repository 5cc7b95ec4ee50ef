using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Expunge.Server.Api;

/// <summary>
/// Writes problems, and fills in what a bare status means. To the API's callers always as JSON, whatever they say that they accept: the framework's own writer would leave them with nothing.
/// To a browser that asked for a page as text.
/// </summary>
internal sealed class ProblemWriter : IProblemDetailsWriter
{
    public bool CanWrite(ProblemDetailsContext context) => true;

    public async ValueTask WriteAsync(ProblemDetailsContext context)
    {
        var (response, problem) = (context.HttpContext.Response, context.ProblemDetails);
        problem.Status ??= response.StatusCode;
        problem.Title ??= ReasonPhrases.GetReasonPhrase(problem.Status.Value);
        if (problem.Detail is null)
        {
            (problem.Detail, var next) = Meaning(problem.Status.Value, context.HttpContext.Request.Method);
            problem.Extensions["next_step"] = next;
        }

        if (context.HttpContext.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase))
        {
            await response.WriteAsJsonAsync(problem, options: null, contentType: "application/problem+json");
        }
        else
        {
            response.ContentType = "text/plain; charset=utf-8";
            await response.WriteAsync($"{problem.Title}\n\n{problem.Detail}\n{(problem.Extensions.TryGetValue("next_step", out var next) ? next : "")}\n");
        }
    }

    private static (string Detail, string Next) Meaning(int status, string method) => status switch
    {
        StatusCodes.Status401Unauthorized => ("The request has no token, or one that is not valid any more.", "POST /api/v1/auth/admin/login gives one, for the header 'Authorization: Bearer …'."),
        StatusCodes.Status403Forbidden => ("Only the super admin may do that.", "Ask the super admin. Nothing was changed."),
        StatusCodes.Status404NotFound => ("There is nothing at this address.", "/docs lists what there is."),
        StatusCodes.Status405MethodNotAllowed => ($"This address does not take {method}.", "/docs lists what it takes."),
        StatusCodes.Status408RequestTimeout => ("The body came too slowly.", "Send it at once. Nothing was changed."),
        StatusCodes.Status413PayloadTooLarge => ("The body is larger than this server takes.", "Send fewer ids at once. Nothing was changed."),
        StatusCodes.Status415UnsupportedMediaType => ("The body must be JSON in UTF-8.", "Send it with 'Content-Type: application/json'. Nothing was changed."),
        _ => ("The request could not be answered.", "/docs shows what it takes."),
    };
}
