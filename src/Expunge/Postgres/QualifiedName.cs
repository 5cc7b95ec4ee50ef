namespace Expunge.Postgres;

/// <summary>The name of a table: its schema and its own name, exactly as in <c>pg_class</c> (case kept, no quotes).</summary>
/// <param name="Schema">The schema's name.</param>
/// <param name="Name">The table's name.</param>
public sealed record QualifiedName(string Schema, string Name) : IComparable<QualifiedName>
{
    /// <summary>The name as SQL: both parts quoted, so that it needs no <c>search_path</c>.</summary>
    public string Sql => $"{Identifier.Quote(Schema)}.{Identifier.Quote(Name)}";

    /// <summary>
    /// Reads <c>schema.table</c> or <c>table</c>. Names are taken literally (no case folding); a part that holds a dot is written in double quotes.
    /// </summary>
    /// <param name="text">The text to read.</param>
    /// <param name="defaultSchema">The schema of a name that has none.</param>
    /// <exception cref="FormatException">The text is empty, has more than two parts, or a quote is not closed.</exception>
    public static QualifiedName Parse(string text, string defaultSchema = "public") => Identifier.Split(text) switch
    {
        [var name] => new(defaultSchema, name),
        [var schema, var name] => new(schema, name),
        var parts => throw new FormatException($"'{text}' has {parts.Count} parts; a table is written 'table' or 'schema.table'."),
    };

    /// <summary>The name for people: without its schema when that is <paramref name="defaultSchema"/>.</summary>
    /// <param name="defaultSchema">The schema that goes without saying, usually the root's.</param>
    public string Display(string defaultSchema) => Schema == defaultSchema ? Identifier.Display(Name) : $"{Identifier.Display(Schema)}.{Identifier.Display(Name)}";

    /// <summary>The name for people, with its schema.</summary>
    public override string ToString() => $"{Identifier.Display(Schema)}.{Identifier.Display(Name)}";

    /// <inheritdoc/>
    public int CompareTo(QualifiedName? other)
    {
        if (other is null) return 1;
        var bySchema = string.CompareOrdinal(Schema, other.Schema);
        return bySchema != 0 ? bySchema : string.CompareOrdinal(Name, other.Name);
    }
}
