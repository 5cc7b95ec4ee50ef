using System.ComponentModel.DataAnnotations;

namespace Expunge.Server.Operations;

/// <summary>The value is an address to listen on by HTTP: host and port, nothing more.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class HttpAddressAttribute : ValidationAttribute
{
    public override bool IsValid(object? value) => Uri.TryCreate(value as string, UriKind.Absolute, out var url) && url is { Scheme: "http", PathAndQuery: "/", UserInfo: "", Fragment: "" };
}
