namespace Expunge.Catalog;

/// <summary>The SQL words of <see cref="ReferentialAction"/>, also used in messages.</summary>
public static class ReferentialActions
{
    /// <summary>The words of an ON DELETE or ON UPDATE clause.</summary>
    /// <param name="action">The action.</param>
    public static string ToSql(this ReferentialAction action) => action switch
    {
        ReferentialAction.NoAction => "NO ACTION",
        ReferentialAction.Restrict => "RESTRICT",
        ReferentialAction.Cascade => "CASCADE",
        ReferentialAction.SetNull => "SET NULL",
        ReferentialAction.SetDefault => "SET DEFAULT",
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, "not a referential action"),
    };

    internal static ReferentialAction FromCatalog(char code) => code switch
    {
        'a' => ReferentialAction.NoAction,
        'r' => ReferentialAction.Restrict,
        'c' => ReferentialAction.Cascade,
        'n' => ReferentialAction.SetNull,
        'd' => ReferentialAction.SetDefault,
        _ => throw new ArgumentOutOfRangeException(nameof(code), code, "not a code of pg_constraint.confdeltype"),
    };
}
