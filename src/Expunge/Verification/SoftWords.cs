using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Expunge.Verification;

/// <summary>The words in the names of tables and columns, and what they mean.</summary>
internal static partial class SoftWords
{
    private static readonly HashSet<string> Ids = new(StringComparer.Ordinal) { "id", "ids", "uuid", "uuids", "guid", "guids", "uid", "uids", "ref", "refs", "key", "keys", "pk", "fk" };

    // People only. Left out is what is as often a thing: account, agent, client, contact, host, provider, subject, vendor.
    private static readonly HashSet<string> Persons = new(StringComparer.Ordinal)
    {
        "user", "person", "member", "owner", "author", "creator", "editor", "sender", "recipient", "receiver", "actor", "admin", "administrator", "operator", "moderator", "reviewer", "approver", "assignee",
        "assigner", "reporter", "requester", "requestor", "submitter", "customer", "patient", "doctor", "physician", "nurse", "employee", "staff", "worker", "manager", "supervisor", "student", "teacher", "tutor",
        "buyer", "seller", "subscriber", "follower", "friend", "invitee", "inviter", "referrer", "participant", "attendee", "guest", "organizer", "player", "driver", "rider", "holder", "beneficiary", "uploader",
        "commenter", "voter", "viewer", "visitor", "impersonator", "publisher", "annotator", "principal",
    };

    private static readonly HashSet<string> Participles = new(StringComparer.Ordinal) { "made", "sent", "set", "seen", "done", "sold", "bought", "built", "held", "paid", "read", "run", "led", "won", "taught", "written", "given", "taken", "drawn", "chosen", "driven", "owned" };

    // A whole number under such a name is a measure or a place in a row, whatever keys it meets.
    private static readonly HashSet<string> Measures = new(StringComparer.Ordinal)
    {
        "count", "counts", "total", "amount", "sum", "avg", "min", "max", "price", "cost", "quantity", "qty", "size", "bytes", "length", "width", "height", "weight", "duration", "year", "month", "day", "days", "week",
        "weekday", "hour", "hours", "minute", "minutes", "seconds", "ms", "time", "age", "position", "rank", "priority", "order", "sequence", "seq", "index", "idx", "number", "num", "no", "version", "revision", "status",
        "state", "code", "type", "kind", "level", "score", "rating", "points", "steps", "port", "limit", "offset", "interval", "percent", "ratio", "tries", "attempts", "retries", "flags",
    };

    /// <summary>The words of a name in lower case: <c>user_id</c>, <c>userId</c> and <c>UserID</c> have the same ones. Digits are no words.</summary>
    public static ImmutableArray<string> Of(string name) => [.. Word().Matches(name).Select(m => m.Value.ToLowerInvariant())];

    /// <summary>What is named, without the word for its key: <c>[user]</c> of <c>user_id</c>; empty where nothing is named, as of <c>id</c>. Null where there is no word for a key.</summary>
    /// <param name="words">The words of a column's name.</param>
    /// <param name="root">The last word of the root's name, which may be written in one with it, as a person's may: <c>userid</c>.</param>
    public static ImmutableArray<string>? Keyed(ImmutableArray<string> words, string root) => words switch
    {
        [.. var stem, var last] when Ids.Contains(last) => [.. stem],
        [.. var before, var last] when last.Length > 4 && last.EndsWith("id", StringComparison.Ordinal) && (Persons.Contains(last[..^2]) || Same([last[..^2]], [root])) => [.. before, last[..^2]],
        _ => null,
    };

    /// <summary>Whether it names somebody: <c>actor</c>, <c>created_by</c>.</summary>
    public static bool NamesPerson(ImmutableArray<string> stem) => stem switch
    {
        [.., var verb, "by"] => verb.EndsWith("ed", StringComparison.Ordinal) || Participles.Contains(verb),
        [.., var last] => Forms(last).Any(Persons.Contains),
        _ => false,
    };

    public static bool NamesMeasure(ImmutableArray<string> words) => words.Length > 0 && Measures.Contains(words[^1]);

    /// <summary>The spellings of a name of which two names of the same thing, one or many, have one in common: <c>order_statuses</c> and <c>order_status</c>.</summary>
    public static IEnumerable<string> Spellings(ImmutableArray<string> words) => words.IsEmpty ? [] : Forms(words[^1]).Select(last => string.Join(' ', [.. words[..^1], last]));

    public static bool Same(ImmutableArray<string> a, ImmutableArray<string> b) => a.Length == b.Length && Spellings(a).Intersect(Spellings(b), StringComparer.Ordinal).Any();

    /// <summary>The word and what could be its singular.</summary>
    private static IEnumerable<string> Forms(string word)
    {
        yield return word;
        if (word == "people") yield return "person";
        if (word.EndsWith("ies", StringComparison.Ordinal)) yield return $"{word[..^3]}y";
        if (word.EndsWith("ses", StringComparison.Ordinal) || word.EndsWith("xes", StringComparison.Ordinal) || word.EndsWith("hes", StringComparison.Ordinal)) yield return word[..^2];
        if (word.Length > 2 && word.EndsWith('s') && !word.EndsWith("ss", StringComparison.Ordinal)) yield return word[..^1];
    }

    [GeneratedRegex(@"\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{Lo}]+")]
    private static partial Regex Word();
}
