using Expunge.Postgres;

namespace Expunge.Probing;

/// <summary>A trigger that reaches outside the database.</summary>
/// <param name="Table">Its table.</param>
/// <param name="Trigger">Its name.</param>
/// <param name="How">How, as the end of a sentence.</param>
internal sealed record OutsideTrigger(QualifiedName Table, string Trigger, string How)
{
    public override string ToString() => $"trigger {Trigger} on {Table} {How}";
}
