using Microsoft.AspNetCore.Http;

namespace Expunge.Server;

/// <summary>Where a request came from, as the audit has it.</summary>
internal static class CallerAddress
{
    public static string? Address(this HttpContext context) => context.Connection.RemoteIpAddress is { } address ? $"{(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address)}" : null;
}
