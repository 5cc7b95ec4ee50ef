namespace Expunge.Verification;

/// <summary>One reference as it is and as it is to be.</summary>
/// <param name="Table">The table, without the root's schema.</param>
/// <param name="Columns">The referencing columns, separated by commas.</param>
/// <param name="References">The referenced table, without the root's schema.</param>
/// <param name="Constraint">The constraint's name.</param>
/// <param name="DeleteRule">Its delete rule now.</param>
/// <param name="Wanted">The delete rule that the policy wants.</param>
/// <param name="Depth">1 for a direct reference.</param>
/// <param name="Validated">Whether all rows were checked.</param>
/// <param name="Enforced">Whether it is checked at all.</param>
/// <param name="Indexed">Whether an index supports it.</param>
/// <param name="Ok">Whether it is as the policy says: rule, validation, no duplicate.</param>
public sealed record VerifyLine(
    string Table, string Columns, string References, string Constraint, string DeleteRule, string Wanted, int Depth, bool Validated, bool Enforced, bool Indexed, bool Ok)
{
    /// <summary>The reference as findings name it: <see cref="Finding.Object"/>.</summary>
    public string Object { get; init; } = "";
}
