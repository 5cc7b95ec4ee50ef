using Expunge.Pictures;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Verification;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Expunge.Server.Api;

/// <summary>What <c>expunge verify --json</c> and <c>expunge graph --json</c> print, read anew at each request. They change nothing.</summary>
internal static class SchemaEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        var schema = api.MapGroup("/admin").WithTags("Schema");
        Get("/verify", VerifyAsync, "Verify", "Holds the catalog against the policy: each reference with its delete rule, and what is wrong.");
        Get("/graph", GraphAsync, "Graph", "The tables that a deletion concerns and the references between them, as they are and as the policy wants them.");

        void Get(string path, Delegate handler, string name, string summary) => schema.MapGet(path, handler).WithName(name).WithSummary(summary)
            .ProducesProblem(StatusCodes.Status500InternalServerError).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<Ok<VerifyReport>> VerifyAsync(Database database, PolicyFile policy, CancellationToken cancellation) =>
        TypedResults.Ok(await DatabaseVerifier.ReadAsync(database, policy, cancellation));

    private static async Task<Ok<Picture>> GraphAsync(Database database, PolicyFile policy, CancellationToken cancellation) =>
        TypedResults.Ok(Picture.Of(Decisions.Of(await database.ReadCatalogAsync(cancellation), policy)));
}
