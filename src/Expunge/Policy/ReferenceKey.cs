using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Expunge.Postgres;

namespace Expunge.Policy;

/// <summary>
/// The name of a reference in the policy file: a table and the columns that refer. A single name may be a column's or a constraint's; only the catalog can tell.
/// </summary>
/// <remarks>Two keys are equal when they name the same table and the same columns in any order.</remarks>
/// <param name="Table">The table with the columns.</param>
/// <param name="Columns">The columns as written; at least one, none twice.</param>
public sealed partial record ReferenceKey(QualifiedName Table, ImmutableArray<string> Columns)
{
    /// <summary>The forms that a key takes, for messages.</summary>
    internal const string Forms = "'table.column', 'schema.table.column' or 'table.(column, column)'";

    /// <summary>
    /// Reads <c>table.column</c>, <c>schema.table.column</c>, <c>table.(a, b)</c> or <c>schema.table.(a, b)</c>. Names are literal (case kept);
    /// one with a dot, comma, parenthesis or outer space stands in double quotes.
    /// </summary>
    /// <param name="text">The text to read.</param>
    /// <param name="defaultSchema">The schema of a table that is written without.</param>
    /// <exception cref="FormatException">The text has none of these forms, or names a column twice.</exception>
    public static ReferenceKey Parse(string text, string defaultSchema)
    {
        if (Composite().Match(text) is { Success: true } match)
        {
            var columns = ColumnList().Match(match.Groups["columns"].Value).Groups["column"].Captures.Select(column => Single(column.Value.Trim(), text)).ToImmutableArray();
            if (columns.Distinct(StringComparer.Ordinal).Count() < columns.Length) throw new FormatException($"'{text}' names a column twice.");
            return new(QualifiedName.Parse(match.Groups["table"].Value, defaultSchema), columns);
        }

        return Identifier.Split(text) switch
        {
            [var table, var column] => new(new(defaultSchema, table), [column]),
            [var schema, var table, var column] => new(new(schema, table), [column]),
            _ => throw new FormatException($"'{text}' is not the name of a reference; write {Forms}."),
        };
    }

    /// <summary>The key as it is written in a policy file: without the schema when that is <paramref name="defaultSchema"/>.</summary>
    /// <param name="defaultSchema">The schema that goes without saying, usually the root's.</param>
    public string Display(string defaultSchema) => $"{Table.Display(defaultSchema)}.{Identifier.DisplayColumns(Columns)}";

    /// <summary>The key with its schema. <see cref="Parse"/> reads it back.</summary>
    public override string ToString() => $"{Table}.{Identifier.DisplayColumns(Columns)}";

    /// <inheritdoc/>
    public bool Equals(ReferenceKey? other) => other is not null && Table == other.Table && SortedColumns.SequenceEqual(other.SortedColumns, StringComparer.Ordinal);

    /// <inheritdoc/>
    public override int GetHashCode() => Columns.Aggregate(Table.GetHashCode(), (hash, column) => hash ^ StringComparer.Ordinal.GetHashCode(column));

    internal IEnumerable<string> SortedColumns => Columns.Order(StringComparer.Ordinal);

    private static string Single(string column, string text) => column.Length == 0
        ? throw new FormatException($"'{text}': a column's name is empty.")
        : Identifier.Split(column) is [var name] ? name : throw new FormatException($"'{text}': '{column}' is not the name of one column.");

    // A quoted part is taken whole, so that what looks like punctuation inside it is part of the name.
    [GeneratedRegex("""^(?<table>(?:"[^"]*"|[^"(])+)\.\s*\((?<columns>(?:"[^"]*"|[^"()])*)\)\s*$""", RegexOptions.ExplicitCapture | RegexOptions.Singleline)]
    private static partial Regex Composite();

    [GeneratedRegex("""^(?<column>(?:"[^"]*"|[^",])*)(?:,(?<column>(?:"[^"]*"|[^",])*))*$""", RegexOptions.ExplicitCapture | RegexOptions.Singleline)]
    private static partial Regex ColumnList();
}
