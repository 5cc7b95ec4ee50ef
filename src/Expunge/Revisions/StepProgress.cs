namespace Expunge.Revisions;

/// <summary>What is going on in a step, for whoever watches.</summary>
/// <param name="Step">The step.</param>
/// <param name="Stage">What happened.</param>
/// <param name="Elapsed">Time since it began.</param>
public sealed record StepProgress(Step Step, StepStage Stage, TimeSpan Elapsed)
{
    /// <summary>Whom it waits for (pid, application, state and age; never a query's text), or in which phase an index build is; null otherwise.</summary>
    public string? Detail { get; init; }

    /// <summary>How much of an index is built, 0 to 1; null where PostgreSQL does not say.</summary>
    public double? Fraction { get; init; }

    /// <summary>Why it could not be done; null while it runs and when it was done.</summary>
    public ExpungeException? Failure { get; init; }
}
