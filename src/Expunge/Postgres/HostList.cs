using System.Collections.Immutable;
using System.Globalization;
using Npgsql;

namespace Expunge.Postgres;

/// <summary>The servers of a connection. libpq has a list of hosts and a list of ports; Npgsql has hosts that may carry a port and one port for the others.</summary>
internal static class HostList
{
    /// <summary>Puts libpq's hosts and ports into an Npgsql connection.</summary>
    internal static void Apply(NpgsqlConnectionStringBuilder builder, Dictionary<string, (string Value, string Source)> settings)
    {
        var hosts = (settings.TryGetValue("hostaddr", out var address) ? address.Value : settings.GetValueOrDefault("host").Value)?.Split(',').ToImmutableArray() ?? [];
        var ports = settings.TryGetValue("port", out var port) ? port.Value.Split(',').Select(text => Port(text, port.Source)).ToImmutableArray() : [];
        if (ports.Distinct().Count() <= 1)
        {
            if (!ports.IsEmpty) builder.Port = ports[0];
            if (!hosts.IsEmpty) builder.Host = string.Join(',', hosts);
        }
        else if (ports.Length == hosts.Length)
        {
            builder.Host = string.Join(',', hosts.Zip(ports, (host, number) => Display((host, number))));
        }
        else
        {
            throw ConnectionSettings.Bad(port.Source, $"there are {ports.Length} ports for {hosts.Length} host(s); give one port, or one for each host");
        }
    }

    /// <summary>Each server with its port, as Npgsql understands them. A Unix socket's directory stands for its host.</summary>
    internal static ImmutableArray<(string Host, int Port)> Of(NpgsqlConnectionStringBuilder builder) => [.. (builder.Host ?? "localhost").Split(',').Select(host => Split(host.Trim(), builder.Port))];

    internal static string Display((string Host, int Port) server) => server.Host.Contains(':', StringComparison.Ordinal) ? $"[{server.Host}]:{server.Port}" : $"{server.Host}:{server.Port}";

    private static (string Host, int Port) Split(string host, int port)
    {
        var colon = host.LastIndexOf(':');
        var bracket = host.LastIndexOf(']');

        // Colons before the last one and no bracket: an IPv6 address without a port.
        var hasPort = colon > bracket && (bracket >= 0 || host.IndexOf(':', StringComparison.Ordinal) == colon);
        if (hasPort && int.TryParse(host.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var own)) (host, port) = (host[..colon], own);
        return (host.Trim('[', ']'), port);
    }

    private static int Port(string text, string source) => text.Length == 0 ? NpgsqlConnection.DefaultPort
        : int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is >= 1 and <= 65535 ? port
        : throw ConnectionSettings.Bad(source, "a port is not a number from 1 to 65535");
}
