namespace Expunge.Verification;

/// <summary>How shared rows are looked for.</summary>
public sealed record SharedRowsOptions
{
    /// <summary>Whether of a large table a part is read only, and the number estimated from it.</summary>
    public bool Sample { get; init; }

    /// <summary>How many examples each pair gets. Default 5.</summary>
    public int Limit { get; init; } = 5;

    /// <summary>How long the query for one pair may take. Default 60 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>About how many rows of a table a sample reads; smaller tables are read whole.</summary>
    internal int SampleRows { get; init; } = 100_000;
}
