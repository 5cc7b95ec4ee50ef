using Expunge.Catalog;
using Expunge.Policy;
using Expunge.Postgres;

namespace Expunge.Verification;

/// <summary>
/// By a soft reference. Of a column of another type than the key, the text is read as the type of the other where it can be one: <c>007</c> is user 7, and a uuid in capitals is that user, however a deletion would
/// write them. Nobody's row may be taken for an orphan because of its spelling. What can be no key is an orphan.
/// </summary>
/// <param name="Soft">The soft reference.</param>
/// <param name="Root">The root.</param>
/// <param name="Key">The root's key.</param>
/// <param name="KeyOperator">By which the root's primary key compares it.</param>
internal sealed record SoftLink(SoftReference Soft, Table Root, Column Key, KeyOperator KeyOperator) : Link(Soft.Table, [Soft.Column.Name], Root)
{
    private const string Integers = "integer";
    private const string Texts = "text";

    // A deletion, too, takes inheritance children along.
    public override string From => Table.Name.Sql;

    public override string ParentFrom => Root.Name.Sql;

    private string KeyFamily => Family(Key.Type);

    private string ColumnFamily => Family(Soft.Column.Type);

    /// <summary>Whether it is certain which rows are orphans: for types that can't be read as each other the texts are compared, and a key can be written in more than one way.</summary>
    public bool IsCertain => KeyFamily == ColumnFamily || (ColumnFamily == Texts && KeyFamily is Integers or "uuid") || (KeyFamily == Texts && ColumnFamily is Integers or "uuid");

    public override string Match(string child, string parent)
    {
        var (key, column) = ($"{parent}.{Identifier.Quote(Key.Name)}", $"{child}.{Identifier.Quote(Soft.Column.Name)}");
        if (Key.Type == Soft.Column.Type) return KeyOperator.Compare(key, column);
        if (KeyFamily == Texts && ColumnFamily == Texts) return $"{key}::text OPERATOR(pg_catalog.=) {column}::text{KeyOperator.ChildCast}";
        if (KeyFamily == ColumnFamily) return $"{key} OPERATOR(pg_catalog.=) {column}";
        if (!IsCertain) return $"{key}::text OPERATOR(pg_catalog.=) {column}::text";
        return ColumnFamily == Texts ? $"{key} OPERATOR(pg_catalog.=) {Read(column, KeyFamily)}" : $"{Read(key, ColumnFamily)} OPERATOR(pg_catalog.=) {column}";
    }

    protected override string IsGiven(string child) => $"{child}.{Identifier.Quote(Soft.Column.Name)} IS NOT NULL";

    public override string IsKey(string child) => ColumnFamily == Texts && KeyFamily is Integers or "uuid" ? $"({Read($"{child}.{Identifier.Quote(Soft.Column.Name)}", KeyFamily)}) IS NOT NULL"
        // Uncertain what it is: nothing of it is shown.
        : IsCertain ? "true" : "false";

    private static string Family(string type) => type switch
    {
        "smallint" or "integer" or "bigint" => Integers,
        "text" or "character varying" or "character" or "bpchar" => Texts,
        _ => type,
    };

    // NULL where it can't be read. pg_input_is_valid exists from PostgreSQL 16 only.
    private static string Read(string column, string family) => family == Integers
        ? $"CASE WHEN {column}::text ~ '^[[:space:]]*[+-]?[0-9]{{1,60}}[[:space:]]*$' THEN CASE WHEN {column}::text::numeric BETWEEN -9223372036854775808 AND 9223372036854775807 THEN {column}::text::numeric::bigint END END"
        : $"CASE WHEN {Hexadecimal(column)} ~* '^[0-9a-f]{{32}}$' THEN {Hexadecimal(column)}::uuid END";

    private static string Hexadecimal(string column) => $"translate({column}::text, '{{}}- ', '')";
}
