namespace Expunge.Server.Dashboard;

/// <summary>Says when, and how long. Times are UTC.</summary>
internal static class Moment
{
    public static string Of(DateTimeOffset at) => $"{at.UtcDateTime:yyyy-MM-dd HH:mm:ss}";

    public static string Of(TimeSpan span) =>
        span.TotalSeconds < 10 ? $"{span.TotalSeconds:0.0} s" : span.TotalMinutes < 2 ? $"{span.TotalSeconds:0} s" : span.TotalHours < 2 ? $"{span.TotalMinutes:0} min" : span.TotalDays < 2 ? $"{span.TotalHours:0.0} h" : $"{span.TotalDays:0} days";
}
