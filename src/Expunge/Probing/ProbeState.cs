namespace Expunge.Probing;

/// <summary>What a probe shows of one reference.</summary>
public enum ProbeState
{
    /// <summary>A row was made by it, and after the deletion it was as the policy says.</summary>
    Proved,

    /// <summary>The policy retains its rows, and they blocked the deletion.</summary>
    Blocks,

    /// <summary>After the deletion its row was not as the policy says, or the deletion was refused.</summary>
    Failed,

    /// <summary>No row could be made by it, or it was not come to.</summary>
    NotProbed,
}
