namespace Expunge.Graph;

/// <summary>The words of <see cref="RefusalReason"/>.</summary>
public static class RefusalReasons
{
    /// <summary>The reason for people, to go after the reference's name.</summary>
    /// <param name="reason">The reason.</param>
    public static string Words(this RefusalReason reason) => reason switch
    {
        RefusalReason.NoAction => "NO ACTION",
        RefusalReason.Restrict => "RESTRICT",
        RefusalReason.CanNotBeNull => "its columns can't become NULL",
        RefusalReason.DefaultMayBeMissing => "the default may be the key of no row",
        RefusalReason.CheckedAgain => "the row is checked again when it is changed",
        RefusalReason.CheckConstraint => "a CHECK constraint reads the column that is set",
        RefusalReason.UniqueIndex => "a unique index has the column that is set",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "not a reason"),
    };
}
