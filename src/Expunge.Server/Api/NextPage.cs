using Microsoft.AspNetCore.Http;

namespace Expunge.Server.Api;

/// <summary>The header <c>Link</c> of a list that goes on (RFC 8288).</summary>
internal static class NextPage
{
    public static void LinkNext(this HttpContext context, params IEnumerable<KeyValuePair<string, string?>> query) =>
        context.Response.Headers.Link = $"<{context.Request.PathBase}{context.Request.Path}{QueryString.Create(query)}>; rel=\"next\"";
}
