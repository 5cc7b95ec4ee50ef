using Expunge.Subjects;

namespace Expunge.Server.Dashboard;

/// <summary>How the list of users was left: it is so again when one comes back to it from another page of the same browser tab.</summary>
internal sealed class UserList
{
    /// <summary>The keys that are selected, whether the list shows them or not.</summary>
    public HashSet<string> Selected { get; } = new(StringComparer.Ordinal);

    /// <summary>What is searched for; null for nothing.</summary>
    public string? Search { get; set; }

    /// <summary>Of which state; null for all.</summary>
    public SubjectState? State { get; set; }

    /// <summary>The page, from 0.</summary>
    public long Page { get; set; }
}
