namespace Expunge.Verification;

/// <summary>How many of a column's values are keys of a table, and how many would be by chance.</summary>
/// <param name="Values">The different values that were looked at.</param>
/// <param name="Keys">Those of them that are keys.</param>
/// <param name="Chance">The share, above 0 and below 1, that would be keys if the column had nothing to do with the table.</param>
internal sealed record SoftMatch(int Values, int Keys, double Chance)
{
    // A UUID is nobody's by chance; words can be keys, too.
    private const double OfUuids = 1e-9;
    private const double OfTexts = 0.01;

    // About one column in a million meets keys so much more often than its surroundings do.
    private const double Telling = 14;

    public static SoftMatch None { get; } = new(0, 0, 0.5);

    public static SoftMatch OfUnordered(int values, int keys, bool uuids) => new(values, keys, uuids ? OfUuids : OfTexts);

    /// <summary>Numbers meet keys by chance as often as their neighbours, the numbers just below and above them, do.</summary>
    public static SoftMatch OfNumbers(int values, int keys, int neighbours, int neighboursThatAreKeys) => new(values, keys, (neighboursThatAreKeys + 1.0) / (neighbours + 2));

    public double Share => Values == 0 ? 0 : (double)Keys / Values;

    /// <summary>Whether chance does not explain it (the Chernoff bound of a binomial distribution).</summary>
    public bool IsTelling => Keys > 0 && Share > Chance && Values * Divergence >= Telling;

    private double Divergence => (Share * Math.Log(Share / Chance)) + (Share < 1 ? (1 - Share) * Math.Log((1 - Share) / (1 - Chance)) : 0);

    /// <summary>How likely a column of that name holds keys; null where nothing speaks for it.</summary>
    public SoftLikelihood? Judge(SoftName name) => name switch
    {
        SoftName.Subject or SoftName.Reference => Values == 0 ? SoftLikelihood.Likely
            : Share >= 0.5 && (IsTelling || (Share >= 0.9 && Values >= 5)) ? SoftLikelihood.Strong
            : Share >= 0.5 || IsTelling ? SoftLikelihood.Likely
            : SoftLikelihood.Possible,
        SoftName.Person => Values == 0 ? SoftLikelihood.Possible
            : Share >= 0.5 && IsTelling ? SoftLikelihood.Strong
            : IsTelling || (Share >= 0.9 && Values >= 3) ? SoftLikelihood.Likely
            : Share >= 0.5 ? SoftLikelihood.Possible
            : null,
        SoftName.Id => IsTelling && Share >= 0.9 ? SoftLikelihood.Strong
            : IsTelling && Share >= 0.5 ? SoftLikelihood.Likely
            : IsTelling || (Share >= 0.95 && Values >= 20) ? SoftLikelihood.Possible
            : null,
        _ => !IsTelling || Share < 0.5 ? null
            : Share < 0.9 ? SoftLikelihood.Possible
            : Values >= 20 ? SoftLikelihood.Strong
            : SoftLikelihood.Likely,
    };

    /// <summary>For people, such as <c>39 of 40 values are keys</c>; where chance matters, with it.</summary>
    public string Words => Values == 0 ? "no values"
        : $"{Keys} of {Values} values {(Keys == 1 ? "is a key" : "are keys")}{(Keys > 0 && Chance > OfTexts ? $", by chance {Math.Round(Chance * Values):0}" : "")}";
}
