using Expunge.Subjects;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Expunge.Server.Api;

/// <summary>What the OpenAPI document says beyond what the endpoints' types tell.</summary>
internal static class ApiDocument
{
    private const string Scheme = "bearer";

    public static void Describe(OpenApiOptions options, SubjectTable table, ServerOptions server)
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo { Title = "Expunge admin API", Version = "v1", Description = $"Marks and permanently deletes rows of {table.Root}, with everything that is theirs. Errors are RFC 9457 problems." };
            document.Servers?.Clear();
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal);
            document.Components.SecuritySchemes[Scheme] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "The access_token of POST /api/v1/auth/admin/login" };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            if (context.Description.ActionDescriptor.EndpointMetadata.OfType<IAllowAnonymous>().Any()) return Task.CompletedTask;
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, context.Document)] = [] }];
            operation.Responses ??= [];
            operation.Responses.TryAdd("401", new OpenApiResponse { Description = "No token, or one that has ended" });
            return Task.CompletedTask;
        });
        options.AddSchemaTransformer((schema, context, _) =>
        {
            // Which of both ids are is known at the start of the server only.
            if (context.JsonTypeInfo.Type != typeof(UserIdsRequest) || context.JsonPropertyInfo is not null) return Task.CompletedTask;
            schema.Properties!["user_ids"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Array,
                MaxItems = server.MaxIdsPerRequest,
                Items = UserIds.AreIntegers(table) ? new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64" } : new OpenApiSchema { Type = JsonSchemaType.String },
            };
            return Task.CompletedTask;
        });
    }
}
