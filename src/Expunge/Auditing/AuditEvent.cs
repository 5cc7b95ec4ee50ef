namespace Expunge.Auditing;

/// <summary>What is to be written into the audit. No personal data of subjects: not their keys either.</summary>
/// <param name="Actor">Who: an account's name, or <c>worker</c>; empty where nobody was signed in. Null for the database's role, such as on the command line: the entry is of <c>role NAME</c>, from the address that PostgreSQL sees.</param>
/// <param name="Action">What, such as <c>deletion requested</c>.</param>
public sealed record AuditEvent(string? Actor, string Action)
{
    /// <summary>To what, such as <c>deletion 12</c> or <c>public.users</c>; null where the action says it.</summary>
    public string? Object { get; init; }

    /// <summary>To how many; null where that means nothing.</summary>
    public long? Count { get; init; }

    /// <summary>From where: the caller's network address; null where it came from nowhere.</summary>
    public string? Address { get; init; }

    /// <summary>How it ended: <c>done</c> (the default), or what became of it.</summary>
    public string Outcome { get; init; } = "done";
}
