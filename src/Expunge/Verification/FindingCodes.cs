namespace Expunge.Verification;

/// <summary>The codes of findings. Each has its page in docs/errors/.</summary>
public static class FindingCodes
{
    /// <summary>A reference's delete rule is not the policy's.</summary>
    public const string NotAsPolicy = "EXP3001";

    /// <summary>Two foreign keys on the same columns.</summary>
    public const string Duplicate = "EXP3002";

    /// <summary>A constraint is NOT VALID: existing rows were never checked.</summary>
    public const string NotValidated = "EXP3003";

    /// <summary>A constraint is NOT ENFORCED (PostgreSQL 18).</summary>
    public const string NotEnforced = "EXP3004";

    /// <summary>A trigger that upholds the constraint is disabled.</summary>
    public const string TriggersDisabled = "EXP3005";

    /// <summary>No index leads with the referencing columns.</summary>
    public const string MissingIndex = "EXP3006";

    /// <summary>A shared reference that the policy does not name.</summary>
    public const string Undecided = "EXP3007";

    /// <summary>An expected table does not exist.</summary>
    public const string MissingTable = "EXP3008";

    /// <summary>A trigger, rule, row-level security or inheritance child can keep the action from taking effect.</summary>
    public const string Suppressor = "EXP3009";

    /// <summary>A CHECK constraint reads a column that SET NULL or SET DEFAULT changes.</summary>
    public const string CheckMayRefuse = "EXP3010";

    /// <summary>A retained reference blocks deletion while rows exist.</summary>
    public const string Retained = "EXP3011";

    /// <summary>A table is published and has no replica identity: a deletion from it fails.</summary>
    public const string NoReplicaIdentity = "EXP3012";

    /// <summary>A reference that does not lead to the root itself blocks a deletion.</summary>
    public const string BlockedBelow = "EXP3013";

    /// <summary>SET NULL or SET DEFAULT on columns that can't take it: PostgreSQL accepts the constraint, and refuses the deletion.</summary>
    public const string SetNullImpossible = "EXP3014";

    /// <summary>A column that looks like a reference and is neither a foreign key nor in the policy.</summary>
    public const string SoftSuspected = "EXP3015";

    /// <summary>The role lacks a right that an upgrade or a deletion needs.</summary>
    public const string MissingRight = "EXP3016";

    /// <summary>A materialized view keeps copies of deleted rows until it is refreshed.</summary>
    public const string Copies = "EXP3017";

    /// <summary>What the last applied revision left is no longer so.</summary>
    public const string Drift = "EXP3018";

    /// <summary>Two foreign keys on overlapping columns do different things to the same rows.</summary>
    public const string Overlap = "EXP3019";

    /// <summary>What a code means, in a few words: the heading of its entry in docs/errors.md.</summary>
    /// <param name="code">The code.</param>
    public static string Meaning(string code) => code switch
    {
        NotAsPolicy => "not as the policy says",
        Duplicate => "duplicate foreign key",
        NotValidated => "not validated",
        NotEnforced => "not enforced",
        TriggersDisabled => "triggers disabled",
        MissingIndex => "missing index",
        Undecided => "undecided",
        MissingTable => "missing table",
        Suppressor => "something can suppress the action",
        CheckMayRefuse => "CHECK may refuse",
        Retained => "retained",
        NoReplicaIdentity => "no replica identity",
        BlockedBelow => "blocked below the root",
        SetNullImpossible => "SET NULL that can't be",
        SoftSuspected => "looks like a soft reference",
        MissingRight => "missing right",
        Copies => "copies in a materialized view",
        Drift => "changed since the upgrade",
        Overlap => "overlapping foreign keys",
        _ => throw new ArgumentOutOfRangeException(nameof(code), code, "not a finding's code"),
    };
}
