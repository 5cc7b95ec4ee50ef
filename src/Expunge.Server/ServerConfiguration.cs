using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Reflection;
using Expunge.Policy;
using Expunge.Server.Operations;
using Microsoft.Extensions.Configuration;

namespace Expunge.Server;

/// <summary>Reads <see cref="ServerOptions"/> from the section <c>Expunge</c> of a configuration. A key that does not exist and a value that can't be are errors: a limit that somebody believes in must not be missing.</summary>
public static class ServerConfiguration
{
    private const string Section = "Expunge";
    private const string NextStep = "docs/configuration.md lists the keys. Nothing was started.";

    private static readonly PropertyInfo[] Keys = typeof(ServerOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance);

    /// <summary>Reads a directory's <c>appsettings.json</c>, where there is one, and the environment's variables, which win.</summary>
    /// <param name="directory">Where the file would be.</param>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.BadConfiguration"/>: which key can't be, and why.</exception>
    public static ServerOptions Read(string directory)
    {
        try
        {
            var configuration = new ConfigurationBuilder().SetBasePath(directory).AddJsonFile("appsettings.json", optional: true).AddEnvironmentVariables().Build();
            // It would have the framework believe every caller's X-Forwarded-For.
            if (bool.TryParse(configuration["ASPNETCORE_FORWARDEDHEADERS_ENABLED"], out var all) && all)
            {
                throw new ExpungeException(
                    ErrorCodes.BadConfiguration, "ASPNETCORE_FORWARDEDHEADERS_ENABLED is set: anybody could claim any address with it.",
                    $"Unset it, and name your proxies in {Section}__{nameof(ServerOptions.TrustedProxies)}. Nothing was started.");
            }

            return Of(configuration.GetSection(Section));
        }
        catch (InvalidDataException e)
        {
            throw Bad($"{Path.Combine(directory, "appsettings.json")} can't be read: {(e.InnerException ?? e).Message.TrimEnd('.')}.", e);
        }
    }

    /// <summary>Reads a section of a configuration.</summary>
    /// <param name="section">Whose children are the keys.</param>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.BadConfiguration"/>: which key can't be, and why.</exception>
    public static ServerOptions Of(IConfigurationSection section)
    {
        var options = new ServerOptions();
        foreach (var entry in section.GetChildren())
        {
            var key = Keys.FirstOrDefault(k => k.Name.Equals(entry.Key, StringComparison.OrdinalIgnoreCase))
                ?? throw Bad($"The configuration has no key {Name(entry.Key)}{(NearestName.Of(entry.Key, Keys.Select(k => k.Name)) is { } near ? $"; did you mean {Name(near)}?" : ".")}");
            // Tools that can't leave a variable out set it to nothing.
            if (entry.Value is "" && !entry.GetChildren().Any()) continue;
            key.SetValue(options, Value(entry, key));
        }

        return options;
    }

    private static object Value(IConfigurationSection entry, PropertyInfo key)
    {
        // A list is one text in a variable, and a list in JSON.
        var text = entry.Value ?? string.Join(',', entry.GetChildren().Select(c => c.Value));
        object? value;
        try
        {
            value = key.PropertyType == typeof(ImmutableArray<IPNetwork>)
                ? text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(Network).ToImmutableArray()
                : TypeDescriptor.GetConverter(key.PropertyType).ConvertFromInvariantString(text);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or OverflowException)
        {
            throw Bad($"{Name(key.Name)} can't be '{text}': it takes {Kind(key.PropertyType)}.", e);
        }

        if (key.PropertyType.IsEnum && !Enum.IsDefined(key.PropertyType, value!)) throw Bad($"{Name(key.Name)} can't be '{text}': it takes {Kind(key.PropertyType)}.");
        if (key.GetCustomAttribute<RangeAttribute>() is { } range && !range.IsValid(value)) throw Bad($"{Name(key.Name)} can't be '{text}': it is from {range.Minimum} to {range.Maximum}.");
        if (key.GetCustomAttribute<HttpAddressAttribute>() is { } address && !address.IsValid(value)) throw Bad($"{Name(key.Name)} can't be '{text}': it takes an address such as http://localhost:8000.");
        return value!;
    }

    private static IPNetwork Network(string text) => text.Contains('/', StringComparison.Ordinal) ? IPNetwork.Parse(text)
        : IPAddress.Parse(text) is var address ? new IPNetwork(address, address.GetAddressBytes().Length * 8) : default;

    private static string Kind(Type type) =>
        type == typeof(TimeSpan) ? "a time such as 00:30:00"
        : type == typeof(bool) ? "true or false"
        : type.IsEnum ? string.Join(" or ", Enum.GetNames(type))
        : type == typeof(int) ? "a whole number"
        : "addresses such as 10.0.0.5 and networks such as 10.1.0.0/16, with commas between them";

    private static string Name(string key) => $"{Section}__{key}";

    private static ExpungeException Bad(string what, Exception? inner = null) => new(ErrorCodes.BadConfiguration, what, NextStep, inner);
}
