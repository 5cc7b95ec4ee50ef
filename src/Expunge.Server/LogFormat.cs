namespace Expunge.Server;

/// <summary>How the server writes its log.</summary>
public enum LogFormat
{
    /// <summary>A line of text for people.</summary>
    Text,

    /// <summary>A line of JSON with the event's number and name, for log collectors.</summary>
    Json,
}
