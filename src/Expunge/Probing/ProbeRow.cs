using Expunge.Catalog;

namespace Expunge.Probing;

/// <summary>A row that the probe makes.</summary>
/// <param name="table">Its table, or a partition of it.</param>
/// <param name="ofVictim">Whether everything that it must refer to is the victim's, as far as it can be.</param>
internal sealed class ProbeRow(Table table, bool ofVictim)
{
    public Table Table { get; } = table;

    public bool OfVictim { get; } = ofVictim;

    /// <summary>Whether it refers to one subject by a reference and to the other by those that it must have besides: nothing else is to hang on it.</summary>
    public bool IsBetween { get; init; }

    /// <summary>Its values as text, by column; what is not in it yet is left to the table's default. All of them once it is inserted.</summary>
    public Dictionary<string, string?> Values { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Whether its columns have these values; one that it has not decided yet can still take the value.</summary>
    public bool CanHave(IReadOnlyDictionary<string, string?> values, bool isInserted) => values.All(v => Values.TryGetValue(v.Key, out var own) ? own == v.Value : !isInserted);
}
