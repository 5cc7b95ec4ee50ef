namespace ZivoHealth.Sample;

/// <summary>A table to fill, as the catalog has it.</summary>
internal sealed record SampleTable(string Name, IReadOnlyList<SampleColumn> Columns, IReadOnlyList<SampleReference> References)
{
    // Which column says whose a row is. doctor_id only where there is no other: then the row is the doctor's own.
    private static readonly string[] OwnerNames = ["user_id", "patient_id", "actor_id", "user_ref", "doctor_id"];

    /// <summary>The owner's column, or null for a table whose rows are nobody's or known by their parent.</summary>
    public SampleColumn? Owner { get; } = OwnerNames
        .Select(name => Columns.FirstOrDefault(c => c.Name == name && (References.FirstOrDefault(r => r.Columns.Contains(name, StringComparer.Ordinal))?.Target ?? "users") == "users"))
        .FirstOrDefault(c => c is not null);

    /// <summary>The columns of the primary key, in its order.</summary>
    public IReadOnlyList<SampleColumn> Key { get; } = [.. Columns.Where(c => c.KeyPosition > 0).OrderBy(c => c.KeyPosition)];

    /// <summary>The column's reference, if it has one.</summary>
    public SampleReference? ReferenceOf(SampleColumn column) => References.FirstOrDefault(r => r.Columns.Contains(column.Name, StringComparer.Ordinal));
}

/// <summary>A column to fill.</summary>
internal sealed record SampleColumn(string Name, string Type, bool NotNull, bool Serial, int KeyPosition);

/// <summary>A foreign key; it leads to the target's primary key, column by column.</summary>
internal sealed record SampleReference(string Target, IReadOnlyList<string> Columns);
