using System.Runtime.CompilerServices;

namespace Expunge.Deletion;

/// <summary>What is asked for.</summary>
public sealed record DeletionRequest
{
    /// <summary>Whose; the keys as text, read once.</summary>
    public required IAsyncEnumerable<string> Ids { get; init; }

    /// <summary>The keys, each with its number, from 1. Outside of a file's lines a key can begin with a blank, or be one.</summary>
    internal async IAsyncEnumerable<(long Line, string Key)> KeysAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var line = 0L;
        await foreach (var id in Ids.WithCancellation(cancellation))
        {
            line++;
            if (!AreLines) yield return (line, id);
            else if (!string.IsNullOrWhiteSpace(id)) yield return (line, id.Trim());
        }
    }

    /// <summary>Whether the ids are the lines of a file: blank ones are passed over, and what surrounds a key; an error names the line.</summary>
    public bool AreLines { get; init; }

    /// <summary>Whether only those that are marked for deletion, at the moment at which their turn comes, are to be deleted.</summary>
    public bool OnlyMarked { get; init; }

    /// <summary>What chose the ids, such as a condition: the same choice goes on with its deletion that is not over, whoever meets it by then. Null where the ids themselves are what is asked for.</summary>
    public string? Selection { get; init; }

    /// <summary>Whether there may be more than the policy's <see cref="Policy.PolicyFile.MaxSubjects"/>.</summary>
    public bool AllowMany { get; init; }

    /// <summary>Whether the tables of the schema <c>expunge</c> may join a publication FOR ALL TABLES, where they must be made first.</summary>
    public bool AcceptPublished { get; init; }

    /// <summary>The same key names the same deletion, however often it is asked for; null without one.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Who asks; null for the database's role.</summary>
    public string? RequestedBy { get; init; }

    /// <summary>Whether the workers are to carry it out; it is in their queue when it is recorded. Needs the tables of <see cref="Postgres.ExpungeSchema.EnsureServerAsync"/>.</summary>
    public bool Queued { get; init; }

    /// <summary>From where a queued one is asked for, for the audit; null for nowhere. The address of another is that which PostgreSQL sees.</summary>
    public string? Address { get; init; }
}
