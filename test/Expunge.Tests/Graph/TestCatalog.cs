using Expunge.Catalog;
using Expunge.Postgres;

namespace Expunge.Tests.Graph;

/// <summary>Snapshots for tests of pure code, written as <c>child.column → parent, SET NULL</c>.</summary>
internal static class TestCatalog
{
    /// <summary>Makes a snapshot. A column is NOT NULL unless its reference ends in <c>?</c>; every table has the key <c>id</c>.</summary>
    /// <param name="references">Such as <c>posts.author_id → users</c> or <c>posts.editor_id? → users, SET NULL</c>.</param>
    public static CatalogSnapshot Of(params string[] references)
    {
        var parsed = references.Select(Parse).ToList();
        var names = parsed.SelectMany(r => new[] { r.Table, r.Parent }).Distinct().ToList();
        return new CatalogSnapshot(
            new ServerInfo(150000, "15.0", "test", "tester", IsStandby: false, HasCitus: false, TracksCounts: true),
            [
                .. names.Select((name, i) => new Table
                {
                    Oid = (uint)(i + 1),
                    Name = new QualifiedName("public", name),
                    Columns = [new Column("id", "integer", NotNull: true, HasDefault: true, IsGenerated: false), .. parsed.Where(r => r.Table == name).DistinctBy(r => r.Column).Select(r => new Column(r.Column, "integer", !r.Nullable, HasDefault: false, IsGenerated: false))],
                    Indexes = [new TableIndex($"{name}_pkey", ["id"], "btree", IsUnique: true, IsPrimary: true, IsValid: true, Predicate: null)],
                }),
            ],
            [
                .. parsed.Select((r, i) => new ForeignKey
                {
                    Name = $"fk{i}",
                    Table = new QualifiedName("public", r.Table),
                    Columns = [r.Column],
                    ReferencedTable = new QualifiedName("public", r.Parent),
                    ReferencedColumns = ["id"],
                    OnDelete = r.Action,
                }),
            ]);
    }

    public static Table Table(this CatalogSnapshot catalog, string name) => catalog.Table(new QualifiedName("public", name));

    private static (string Table, string Column, bool Nullable, string Parent, ReferentialAction Action) Parse(string text)
    {
        var (sides, action) = text.Split(", ") is [var s, var a] ? (s, a) : (text, "NO ACTION");
        var (child, parent) = (sides.Split(" → ")[0], sides.Split(" → ")[1]);
        return (child.Split('.')[0], child.Split('.')[1].TrimEnd('?'), child.EndsWith('?'), parent, Enum.GetValues<ReferentialAction>().Single(v => v.ToSql() == action));
    }
}
