using System.Collections.Immutable;
using CsCheck;
using Expunge.Catalog;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Tests.Graph;

namespace Expunge.Tests.Pictures;

/// <summary>Graphs of up to 150 tables with cycles, references back, soft ones, and tables that lose no rows; their names mean something in every format.</summary>
internal static class RandomDecisions
{
    private static readonly string[] Hostile =
    [
        "users", "\"", "a\"b", "<script>alert(1)</script>", "a & b", "&lt;", "line\nbreak", "`tick`", "\"`md`\"", "[x]", "{y}", "end", "#35;", "\\", "a\\", "\\N", "%%", "|pipe|", "-->", "_x_", "1. one", "style:#x;", "classDef x:#a;",
        "\u001b[31m", "\u202Egnp", "ü 表", "😀", ";", "]]>", "<!--", "a.b", " ", "\t", "'", "*/", "{{ x }}", "a very long name, longer than what a box should ever be wide", "\uFFFF",
    ];

    private static readonly string[] Actions = ["NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT"];

    public static readonly Gen<Decisions> Gen =
        from count in CsCheck.Gen.Frequency((3, CsCheck.Gen.Int[1, 12]), (1, CsCheck.Gen.Int[30, 150]))
        from references in CsCheck.Gen.Select(CsCheck.Gen.Int[0, count - 1], CsCheck.Gen.Frequency((2, CsCheck.Gen.Const(0)), (3, CsCheck.Gen.Int[0, count - 1])), CsCheck.Gen.Bool, CsCheck.Gen.Int[0, 4]).Array[1, (count * 3 / 2) + 2]
        from soft in CsCheck.Gen.Int[0, count - 1].Array[0, 3]
        from keep in CsCheck.Gen.Bool
        from hostile in CsCheck.Gen.Int[0, Hostile.Length - 1]
        select Of(references, soft, keep, hostile);

    private static Decisions Of((int From, int To, bool Nullable, int Action)[] references, int[] soft, bool keep, int hostile)
    {
        var catalog = Renamed(TestCatalog.Of([.. references.Select((r, i) => $"{r.From}.{i % 7}{(r.Nullable ? "?" : "")} → {r.To}, {Actions[r.Action]}"), "0.99? → 0, SET NULL"]), name => Name(name, hostile));
        return Decisions.Of(catalog, new PolicyFile
        {
            Root = new QualifiedName("public", Name("0", hostile)),
            Default = keep ? PolicyAction.Keep : PolicyAction.Cascade,
            SoftReferences = [.. soft.Distinct().Select(s => new QualifiedName("public", Name($"{s}", hostile))).Where(t => catalog.Find(t) is not null).Select(t => new SoftReferencePolicy(t, "id", Enforce: false, new SourceLocation(1, 1)))],
        });
    }

    // Numbers are made names; the key keeps its.
    private static string Name(string name, int hostile) => int.TryParse(name, out var number) && Hostile[(number + hostile) % Hostile.Length] is var odd ? $"{odd}{number}{odd}" : name;

    private static CatalogSnapshot Renamed(CatalogSnapshot catalog, Func<string, string> name)
    {
        return new CatalogSnapshot(
            catalog.Server,
            [.. catalog.Tables.Select(t => t with { Name = Table(t.Name), Columns = [.. t.Columns.Select(c => c with { Name = name(c.Name) })] })],
            [.. catalog.ForeignKeys.Select(f => f with { Name = name(f.Name[2..]), Table = Table(f.Table), Columns = Columns(f.Columns), ReferencedTable = Table(f.ReferencedTable), ReferencedColumns = Columns(f.ReferencedColumns) })]);

        QualifiedName Table(QualifiedName table) => new(table.Schema, name(table.Name));

        ImmutableArray<string> Columns(ImmutableArray<string> columns) => [.. columns.Select(name)];
    }

    /// <summary>Tries a property on many of them.</summary>
    public static void Hold(Action<Decisions> property) =>
        Gen.Sample(property, seed: Environment.GetEnvironmentVariable("EXPUNGE_PROPERTY_SEED"), iter: 200, print: d => string.Join('\n', d.All.Select(r => $"{r.Reference} {r.Action}")));
}
