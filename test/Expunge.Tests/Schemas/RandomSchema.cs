using System.Text;
using CsCheck;
using Expunge.Postgres;

namespace Expunge.Tests.Schemas;

/// <summary>A small schema as applications grow them: table 0 holds the subjects, the others refer to it or to each other in every way that PostgreSQL allows. Six rows a table.</summary>
internal sealed record RandomSchema(RandomSchema.Table[] Tables, RandomSchema.Reference[] References, int Salt)
{
    public const int Rows = 6;

    private static readonly string[] Schemas = ["public", "public", "Other Schema", "other"];
    private static readonly string[] Names = ["users", "Posts", "order", "a \"quoted\" one", "memberships", "files", "notes_ü", "events", "zones"];
    private static readonly string[] Columns = ["user_id", "ownerId", "group", "created by", "\"odd\"", "parent", "reviewer_id", "x", "y", "z", "actor", "b", "c", "d"];
    private static readonly string[] KeyTypes = ["integer", "bigint", "uuid", "text", "character varying(40)"];
    private static readonly string[] Actions = ["NO ACTION", "RESTRICT", "CASCADE", "CASCADE", "CASCADE", "SET NULL", "SET NULL", "SET NULL", "SET DEFAULT", "SET DEFAULT"];

    private static readonly Gen<string> AnyAction = CsCheck.Gen.Int[0, Actions.Length - 1].Select(i => Actions[i]);

    public static readonly Gen<RandomSchema> Gen =
        from count in CsCheck.Gen.Int[2, 9]
        from partitioned in CsCheck.Gen.Int[-3, count - 1]
        from tables in CsCheck.Gen.Select(CsCheck.Gen.Int[0, Schemas.Length - 1], CsCheck.Gen.Int[0, KeyTypes.Length - 1]).Array[count]
        from references in CsCheck.Gen.Select(
            CsCheck.Gen.Int[0, count - 1], CsCheck.Gen.Frequency((2, CsCheck.Gen.Const(0)), (3, CsCheck.Gen.Int[0, count - 1])), CsCheck.Gen.Enum<Nulls>(),
            AnyAction, AnyAction, CsCheck.Gen.Enum<Default>(), CsCheck.Gen.Int[0, 2], CsCheck.Gen.Int[0, (1 << 19) - 1]).Array[1, 12]
        from salt in CsCheck.Gen.Int[0, 1000]
        select new RandomSchema(
            [.. tables.Select((t, i) => new Table(new QualifiedName(Schemas[t.Item1], Names[i]), KeyTypes[t.Item2], i == partitioned))],
            Linked([.. references.Select((r, i) => new Reference(
                r.Item1, r.Item2, Columns[i], r.Item3, r.Item4, (r.Item8 & 1) == 0 ? "CASCADE" : r.Item5, r.Item6, r.Item7,
                Composite: (r.Item8 & 2) == 0, NotValid: (r.Item8 & 12) == 0, Duplicate: (r.Item8 & 112) == 0, Indexed: (r.Item8 & 128) == 0,
                MatchFull: (r.Item8 & 768) == 0, SetsOne: (r.Item8 & 1024) == 0, Enforced: (r.Item8 & 14336) != 0, Disabled: (r.Item8 & 245760) == 0 ? r.Item8 >> 18 : null))]),
            salt);

    internal enum Nulls { Allowed, Refused, RefusedInSecondColumn }

    /// <summary>The columns' defaults: none, the key of a row, the key of no row.</summary>
    internal enum Default { None, Row, NoRow }

    internal sealed record Table(QualifiedName Name, string KeyType, bool Partitioned);

    /// <param name="From">The referencing table.</param>
    /// <param name="To">The referenced table.</param>
    /// <param name="Column">The referencing column; a composite one has a second.</param>
    /// <param name="Nulls">Which are NOT NULL.</param>
    /// <param name="OnDelete">ON DELETE.</param>
    /// <param name="OnUpdate">ON UPDATE.</param>
    /// <param name="Default">The columns' defaults.</param>
    /// <param name="Deferred">0 no, 1 DEFERRABLE, 2 INITIALLY DEFERRED.</param>
    /// <param name="Composite">Whether it refers to <c>(id, k2)</c>, or with <see cref="Through"/> to <c>(id, that reference's column)</c>: a key that a DELETE can change.</param>
    /// <param name="NotValid">NOT VALID.</param>
    /// <param name="Duplicate">Whether another foreign key on the same columns does something else.</param>
    /// <param name="Indexed">Whether it has an index.</param>
    /// <param name="MatchFull">MATCH FULL.</param>
    /// <param name="SetsOne">SET NULL or SET DEFAULT of its first column only (PostgreSQL 15).</param>
    /// <param name="Enforced">Otherwise NOT ENFORCED (PostgreSQL 18).</param>
    /// <param name="Disabled">0: its trigger for DELETE is disabled, 1: those for UPDATE.</param>
    internal sealed record Reference(
        int From, int To, string Column, Nulls Nulls, string OnDelete, string OnUpdate, Default Default, int Deferred, bool Composite, bool NotValid, bool Duplicate, bool Indexed, bool MatchFull, bool SetsOne, bool Enforced, int? Disabled)
    {
        public Reference? Through { get; init; }

        public string Second => $"{Column}_k2";

        public IEnumerable<(string Name, bool NotNull)> ColumnsOf() => Composite
            ? [(Column, Nulls == Nulls.Refused), (Second, Nulls != Nulls.Allowed && Through is not { Nulls: not Nulls.Refused })]
            : [(Column, Nulls == Nulls.Refused)];
    }

    /// <summary>The same without what an upgrade leaves to people or a policy has no say in: disabled triggers, rows without a parent, defaults that name rows, keys that change.</summary>
    public RandomSchema Plain => this with { References = [.. References.Select(r => r with { Default = Default.None, Through = null, Disabled = null })] };

    /// <summary>The tables, their rows, then the foreign keys, so that cycles of NOT NULL columns can be filled.</summary>
    public string Sql(int majorVersion)
    {
        var sql = new StringBuilder();
        foreach (var schema in Tables.Select(t => t.Name.Schema).Where(s => s != "public").Distinct(StringComparer.Ordinal)) sql.AppendLine($"CREATE SCHEMA {Identifier.Quote(schema)};");
        foreach (var (table, number) in Tables.Select((t, i) => (t, i)))
        {
            var mine = References.Where(r => r.From == number).ToList();
            var columns = mine.SelectMany(r => r.ColumnsOf().Zip([Tables[r.To].KeyType, SecondType(r)], Defaults(r)).Select(c => $", {Identifier.Quote(c.First.Name)} {c.Second}{(c.First.NotNull ? " NOT NULL" : "")}{c.Third}"));
            var keys = References.Where(r => r.To == number).Select(r => r.Through?.Column).OfType<string>().Distinct(StringComparer.Ordinal).Prepend("k2").Select(c => $", UNIQUE (id, {Identifier.Quote(c)})");
            sql.AppendLine($"CREATE TABLE {table.Name.Sql} (id {table.KeyType} PRIMARY KEY, k2 integer NOT NULL{string.Concat(columns)}{string.Concat(keys)}){(table.Partitioned ? " PARTITION BY HASH (id)" : "")};");
            for (var p = 0; table.Partitioned && p < 2; p++) sql.AppendLine($"CREATE TABLE {new QualifiedName(table.Name.Schema, $"part_{p}").Sql} PARTITION OF {table.Name.Sql} FOR VALUES WITH (MODULUS 2, REMAINDER {p});");
            for (var row = 0; row < Rows; row++) sql.AppendLine($"INSERT INTO {table.Name.Sql} VALUES ({Key(number, row)}, {row % 2}{string.Concat(mine.Select(r => $", {string.Join(", ", Values(r, row))}"))});");
            foreach (var r in mine.Where(r => r.Indexed)) sql.AppendLine($"CREATE INDEX ON {table.Name.Sql} ({Identifier.Quote(r.Column)});");
        }

        foreach (var (r, n) in References.Select((r, i) => (r, References.Take(i).Count(other => other.From == r.From))))
        {
            // A subject that can't be without what it refers to blocks its deletion. By RESTRICT it would also block where both go, or not, by the order of triggers.
            var onDelete = r.From == 0 && r.ColumnsOf().All(c => c.NotNull) && r.OnDelete == "RESTRICT" ? "NO ACTION" : r.OnDelete;
            sql.AppendLine(ForeignKey(r, $"fk_{n}", onDelete, majorVersion));
            if (r.Duplicate) sql.AppendLine(ForeignKey(r, $"again {n}", r.OnDelete == "CASCADE" ? "NO ACTION" : "CASCADE", majorVersion));
        }

        return sql.ToString();
    }

    /// <summary>Lets most composite references refer to the column of another one, if possible of one that a DELETE sets.</summary>
    private static Reference[] Linked(Reference[] references) =>
        [.. references.Select((r, i) => r with { Through = r.Composite && i % 4 != 0 ? references.Where(q => q.From == r.To && q != r).MaxBy(q => q.OnDelete.StartsWith("SET", StringComparison.Ordinal)) : null })];

    private string ForeignKey(Reference r, string name, string onDelete, int majorVersion)
    {
        var (from, to) = (Tables[r.From], Tables[r.To]);
        var notValid = r.NotValid && (majorVersion >= 18 || !from.Partitioned);
        // MATCH FULL takes all columns or none; rows through another reference have either of them NULL.
        var matchFull = r.MatchFull && r.Through is null && r.Nulls != Nulls.RefusedInSecondColumn;
        var columns = r.SetsOne && majorVersion >= 15 && onDelete.StartsWith("SET", StringComparison.Ordinal) ? $" ({Identifier.Quote(r.Column)})" : "";
        return $"ALTER TABLE {from.Name.Sql} ADD CONSTRAINT {Identifier.Quote(name)} FOREIGN KEY ({Identifier.QuoteAll(r.ColumnsOf().Select(c => c.Name))}) "
            + $"REFERENCES {to.Name.Sql} ({(r.Composite ? $"id, {Identifier.Quote(r.Through?.Column ?? "k2")}" : "id")}){(matchFull ? " MATCH FULL" : "")} ON UPDATE {r.OnUpdate} ON DELETE {onDelete}{columns}"
            + $"{r.Deferred switch { 1 => " DEFERRABLE", 2 => " DEFERRABLE INITIALLY DEFERRED", _ => "" }}{(!r.Enforced && majorVersion >= 18 ? " NOT ENFORCED" : notValid ? " NOT VALID" : "")};"
            + Disable(r, name)
            + (r.Salted(Salt) % 3 == 0 ? $" COMMENT ON CONSTRAINT {Identifier.Quote(name)} ON {from.Name.Sql} IS 'it''s \\ {r.Column.Replace("'", "''", StringComparison.Ordinal)}';" : "");
    }

    private string Disable(Reference r, string name) => r.Disabled is not { } disabled ? "" :
        $"""
         DO $do$ DECLARE sql text; BEGIN FOR sql IN
           SELECT format('ALTER TABLE %s DISABLE TRIGGER %I', tgrelid::regclass, tgname) FROM pg_trigger JOIN pg_constraint c ON c.oid = tgconstraint
            WHERE conrelid = $rel${Tables[r.From].Name.Sql}$rel$::regclass AND conname = '{name}' AND tgtype & {(disabled == 0 ? 8 : 16)} <> 0 LOOP EXECUTE sql; END LOOP; END $do$;
         """;

    private string SecondType(Reference r) => r.Through is { } through ? Tables[through.To].KeyType : "integer";

    private IEnumerable<string> Values(Reference r, int row)
    {
        var at = (r.Salted(Salt) + (row * 7)) % 8;
        if (row == 3 && r is { Default: Default.NoRow, NotValid: true } && !Tables[r.From].Partitioned) return r.Composite ? [Key(r.To, Rows), Second(r, 0)] : [Key(r.To, Rows)];
        var key = at < Rows || r.Nulls == Nulls.Refused ? Key(r.To, at % Rows) : "NULL";
        return r.Composite ? [key, key == "NULL" && r.Nulls == Nulls.Allowed ? "NULL" : Second(r, at % Rows)] : [key];
    }

    private IEnumerable<string> Defaults(Reference r) => r.Default switch
    {
        Default.Row => [$" DEFAULT {Key(r.To, Rows - 1)}", $" DEFAULT {Second(r, Rows - 1)}"],
        Default.NoRow => [$" DEFAULT {Key(r.To, Rows)}", $" DEFAULT {Second(r, Rows - 1)}"],
        _ => ["", ""],
    };

    /// <summary>What row <paramref name="at"/> of the referenced table has in the second column of the key.</summary>
    private string Second(Reference r, int at) => r.Through is { } through ? Values(through, at).First() : $"{at % 2}";

    private string Key(int table, int row) => Tables[table].KeyType switch
    {
        "integer" or "bigint" => $"{(table * 100) + row}",
        "uuid" => $"'00000000-0000-4000-8000-0000000{table:00}0{row:00}'",
        _ => $"'it''s {table}, \\{row}'",
    };
}

internal static class Salting
{
    public static int Salted(this RandomSchema.Reference reference, int salt) => reference.Column.Sum(c => c) + (salt * 31) + reference.From;
}
