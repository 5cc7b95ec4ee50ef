using System.Text;
using CsCheck;
using Expunge.Postgres;

namespace Expunge.Tests.Schemas;

/// <summary>A small schema as applications grow them: table 0 holds the subjects, the others refer to it or to each other in every way that PostgreSQL allows. Six rows a table.</summary>
internal sealed record RandomSchema(RandomSchema.Table[] Tables, RandomSchema.Reference[] References, int Salt)
{
    public const int Rows = 6;

    private static readonly string[] Schemas = ["public", "public", "Other Schema", "other"];
    private static readonly string[] Names = ["users", "Posts", "order", "a \"quoted\" one", "memberships", "files", "notes_ü", "events"];
    private static readonly string[] Columns = ["user_id", "ownerId", "group", "created by", "\"odd\"", "parent", "reviewer_id", "x", "y", "z", "actor", "b", "c", "d"];
    private static readonly string[] KeyTypes = ["integer", "bigint", "uuid", "text", "character varying(40)"];
    private static readonly string[] Actions = ["NO ACTION", "NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT"];

    public static readonly Gen<RandomSchema> Gen =
        from count in CsCheck.Gen.Int[2, 8]
        from partitioned in CsCheck.Gen.Int[-3, count - 1]
        from tables in CsCheck.Gen.Select(CsCheck.Gen.Int[0, Schemas.Length - 1], CsCheck.Gen.Int[0, KeyTypes.Length - 1]).Array[count]
        from references in CsCheck.Gen.Select(
            CsCheck.Gen.Int[0, count - 1], CsCheck.Gen.Frequency((2, CsCheck.Gen.Const(0)), (3, CsCheck.Gen.Int[0, count - 1])), CsCheck.Gen.Enum<Nulls>(),
            CsCheck.Gen.Int[0, Actions.Length - 1], CsCheck.Gen.Int[0, 31], CsCheck.Gen.Int[0, 2], CsCheck.Gen.Bool).Array[1, 12]
        from salt in CsCheck.Gen.Int[0, 1000]
        select new RandomSchema(
            [.. tables.Select((t, i) => new Table(new QualifiedName(Schemas[t.Item1], Names[i]), KeyTypes[t.Item2], i == partitioned))],
            [.. references.Select((r, i) => new Reference(
                r.Item1, r.Item2, Columns[i], r.Item3, Actions[r.Item4],
                Composite: (r.Item5 & 3) == 0, NotValid: (r.Item5 & 12) == 0, Duplicate: (r.Item5 & 20) == 0, OnUpdate: (r.Item5 & 8) != 0 ? "CASCADE" : "NO ACTION", Deferred: r.Item6, Indexed: r.Item7))],
            salt);

    internal enum Nulls { Allowed, Refused, RefusedInSecondColumn }

    internal sealed record Table(QualifiedName Name, string KeyType, bool Partitioned);

    internal sealed record Reference(int From, int To, string Column, Nulls Nulls, string OnDelete, bool Composite, bool NotValid, bool Duplicate, string OnUpdate, int Deferred, bool Indexed)
    {
        public string Second => $"{Column}_k2";

        public IEnumerable<(string Name, bool NotNull)> ColumnsOf() => Composite
            ? [(Column, Nulls == Nulls.Refused), (Second, Nulls != Nulls.Allowed)]
            : [(Column, Nulls == Nulls.Refused)];
    }

    /// <summary>The tables, their rows, then the foreign keys, so that cycles of NOT NULL columns can be filled.</summary>
    public string Sql(int majorVersion)
    {
        var sql = new StringBuilder();
        foreach (var schema in Tables.Select(t => t.Name.Schema).Where(s => s != "public").Distinct(StringComparer.Ordinal)) sql.AppendLine($"CREATE SCHEMA {Identifier.Quote(schema)};");
        foreach (var (table, number) in Tables.Select((t, i) => (t, i)))
        {
            var mine = References.Where(r => r.From == number).ToList();
            var columns = mine.SelectMany(r => r.ColumnsOf().Select((c, i) => $", {Identifier.Quote(c.Name)} {(i == 0 ? Tables[r.To].KeyType : "integer")}{(c.NotNull ? " NOT NULL" : "")}"));
            sql.AppendLine($"CREATE TABLE {table.Name.Sql} (id {table.KeyType} PRIMARY KEY, k2 integer NOT NULL{string.Concat(columns)}, UNIQUE (id, k2)){(table.Partitioned ? " PARTITION BY HASH (id)" : "")};");
            for (var p = 0; table.Partitioned && p < 2; p++) sql.AppendLine($"CREATE TABLE {new QualifiedName(table.Name.Schema, $"part_{p}").Sql} PARTITION OF {table.Name.Sql} FOR VALUES WITH (MODULUS 2, REMAINDER {p});");
            for (var row = 0; row < Rows; row++) sql.AppendLine($"INSERT INTO {table.Name.Sql} VALUES ({Key(number, row)}, {row % 2}{string.Concat(mine.Select(r => $", {Values(r, row)}"))});");
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

    private string ForeignKey(Reference r, string name, string onDelete, int majorVersion)
    {
        var (from, to) = (Tables[r.From], Tables[r.To]);
        var notValid = r.NotValid && (majorVersion >= 18 || !from.Partitioned);
        return $"ALTER TABLE {from.Name.Sql} ADD CONSTRAINT {Identifier.Quote(name)} FOREIGN KEY ({Identifier.QuoteAll(r.ColumnsOf().Select(c => c.Name))}) "
            + $"REFERENCES {to.Name.Sql} ({(r.Composite ? "id, k2" : "id")}) ON UPDATE {r.OnUpdate} ON DELETE {onDelete}{r.Deferred switch { 1 => " DEFERRABLE", 2 => " DEFERRABLE INITIALLY DEFERRED", _ => "" }}{(notValid ? " NOT VALID" : "")};"
            + (r.Salted(Salt) % 3 == 0 ? $" COMMENT ON CONSTRAINT {Identifier.Quote(name)} ON {from.Name.Sql} IS 'it''s \\ {r.Column.Replace("'", "''", StringComparison.Ordinal)}';" : "");
    }

    private string Values(Reference r, int row)
    {
        var at = (r.Salted(Salt) + (row * 7)) % 8;
        var key = at < Rows || r.Nulls == Nulls.Refused ? Key(r.To, at % Rows) : "NULL";
        return r.Composite ? $"{key}, {(key == "NULL" && r.Nulls == Nulls.Allowed ? "NULL" : $"{at % Rows % 2}")}" : key;
    }

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
