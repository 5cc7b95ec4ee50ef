namespace Expunge.Revisions;

/// <summary>What happened in a step.</summary>
public enum StepStage
{
    /// <summary>It began.</summary>
    Started,

    /// <summary>It waits for a lock, or for standbys; it will go on trying.</summary>
    Waiting,

    /// <summary>It builds an index.</summary>
    Building,

    /// <summary>It ended, done or failed.</summary>
    Done,
}
