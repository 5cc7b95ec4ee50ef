using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Expunge.Server.Operations;

/// <summary>A line of JSON for an event: the framework's own formatter leaves the event's name out.</summary>
internal sealed class JsonLog() : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "expunge-json";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var entry = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["time"] = DateTimeOffset.UtcNow.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture),
            ["level"] = $"{logEntry.LogLevel}",
            ["category"] = logEntry.Category,
            ["event_id"] = logEntry.EventId.Id,
            ["event"] = logEntry.EventId.Name,
            ["message"] = logEntry.Formatter(logEntry.State, logEntry.Exception),
        };
        if (logEntry.State is IEnumerable<KeyValuePair<string, object?>> values)
        {
            entry["values"] = values.Where(v => v.Key != "{OriginalFormat}").ToDictionary(v => v.Key, v => v.Value is null or string or int or long or bool ? v.Value : $"{v.Value}", StringComparer.Ordinal);
        }

        if (logEntry.Exception is not null) entry["exception"] = $"{logEntry.Exception}";
        textWriter.WriteLine(JsonSerializer.Serialize(entry));
    }
}
