namespace Expunge.Subjects;

/// <summary>Of which subjects a list can be asked for.</summary>
public enum SubjectState
{
    /// <summary>Those that the policy's is_active column says are active; without that column, those that are not marked.</summary>
    Active,

    /// <summary>Those that are marked for deletion.</summary>
    Marked,

    /// <summary>Those that are marked, and have been so for the policy's grace period.</summary>
    Due,
}
