namespace Expunge.Cli;

/// <summary>What the process says to its caller.</summary>
internal static class ExitCodes
{
    /// <summary>Done, and as it should be.</summary>
    public const int Ok = 0;

    /// <summary>Not so: findings, work left, refused by what the database holds.</summary>
    public const int NotOk = 1;

    /// <summary>Wrong usage, policy or connection.</summary>
    public const int Usage = 2;
}
