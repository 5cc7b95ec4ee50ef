using CsCheck;
using Expunge.Policy;
using Expunge.Postgres;
using Xunit;

namespace Expunge.Tests.Policy;

public sealed class ReferenceKeyTests
{
    // Every character that means something in a key, and letters of both cases.
    private static readonly Gen<string> Name = Gen.Char["abAB.,()\"' \té"].Array[1, 8].Select(letters => new string(letters));

    [Fact]
    public void Any_name_is_read_back_as_it_is_shown() =>
        Gen.Select(Name, Name, Name.Array[1, 3], (schema, table, columns) => new ReferenceKey(new(schema, table), [.. columns.Distinct(StringComparer.Ordinal)]))
            .Sample(key =>
            {
                Assert.Equal(key.Columns, ReferenceKey.Parse(key.ToString(), "other").Columns);
                Assert.Equal(key, ReferenceKey.Parse(key.ToString(), "other"));
                Assert.Equal(key, ReferenceKey.Parse(key.Display(key.Table.Schema), key.Table.Schema));
                Assert.Equal(key.Table, QualifiedName.Parse(key.Table.ToString()));
            });

    [Theory]
    [InlineData("t.c", "s", "t", "c")]
    [InlineData("x.t.c", "x", "t", "c")]
    [InlineData("t.(a, b)", "s", "t", "a|b")]
    [InlineData("t.(a,b)", "s", "t", "a|b")]
    [InlineData("x.t.(a)", "x", "t", "a")]
    [InlineData("x.t.( a , \"b,c\" )", "x", "t", "a|b,c")]
    [InlineData("T.\"a.b\"", "s", "T", "a.b")]
    [InlineData("\"a(b\".\"c)\"", "s", "a(b", "c)")]
    public void A_key_names_a_table_and_columns(string text, string schema, string table, string columns)
    {
        var key = ReferenceKey.Parse(text, "s");

        Assert.Equal((new(schema, table), columns), (key.Table, string.Join('|', key.Columns)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("t")]
    [InlineData("t.")]
    [InlineData("a.b.c.d")]
    [InlineData("t.()")]
    [InlineData("t.(a.b)")]
    [InlineData("a.b.c.(d)")]
    [InlineData("(a, b)")]
    [InlineData("t.\"c")]
    [InlineData("t.(\"a)")]
    [InlineData("t.(a, a)")]
    public void Anything_else_is_no_key(string text) => Assert.Throws<FormatException>(() => ReferenceKey.Parse(text, "s"));

    [Fact]
    public void The_order_of_columns_makes_no_difference()
    {
        var (ab, ba) = (ReferenceKey.Parse("t.(a, b)", "s"), ReferenceKey.Parse("t.(b, a)", "s"));

        Assert.Equal(ab, ba);
        Assert.Equal(ab.GetHashCode(), ba.GetHashCode());
        Assert.NotEqual(ab, ReferenceKey.Parse("t.a", "s"));
        Assert.Equal(["b", "a"], ba.Columns);
    }
}
