using Expunge.Policy;
using Xunit;

namespace Expunge.Tests.Policy;

public sealed class PolicyHashTests
{
    private const string Policy = "root: users\nreferences:\n  a.x: cascade\n  b.(y, z): set null\nsoft_references:\n  c.u: delete\n  d.u: delete\n";

    [Theory]
    [InlineData("root: users\n# a comment\n\"soft_references\": { d.u: delete, c.u: { action: delete, enforce: false } }\nreferences:\n  b.(z, y): set null\n  '\"a\".x': { action: cascade, reason: theirs }\n")]
    [InlineData(Policy + "revision: 2\nname: other\nrequire_backup: 1d\ngrace_period: 30d\nmax_subjects: 5\ntables: { A: [a] }\ncolumns: { show: [email] }\ndefault: cascade")]
    public void What_does_the_same_has_the_same_hash(string yaml) => Assert.Equal(Hash(Policy), Hash(yaml));

    [Theory]
    [InlineData("root: users", "root: app.users")]
    [InlineData("root: users", "root: users\ndefault: keep")]
    [InlineData("a.x: cascade", "a.x: keep")]
    [InlineData("a.x: cascade", "A.x: cascade")]
    [InlineData("a.x: cascade\n", "")]
    [InlineData("c.u: delete", "c.u: { action: delete, enforce: true }")]
    [InlineData("c.u: delete\n", "")]
    [InlineData("root: users", "root: users\nexternal: a.path")]
    public void What_does_something_else_has_another_hash(string from, string to)
    {
        var changed = Policy.Replace(from, to, StringComparison.Ordinal).Replace("\n  \n", "\n", StringComparison.Ordinal);

        Assert.NotEqual(Hash(Policy), Hash(changed));
    }

    [Fact]
    public void The_key_that_rows_move_to_counts() => Assert.NotEqual(Hash("root: u\nreferences: { a.x: { reassign: 1 } }"), Hash("root: u\nreferences: { a.x: { reassign: 2 } }"));

    [Fact]
    public void External_columns_count_in_whatever_form_and_order()
    {
        Assert.Equal(Hash("root: u\nexternal: a.x"), Hash("root: u\nexternal: [public.a.x]"));
        Assert.Equal(Hash("root: u\nexternal: [a.x, b.y]"), Hash("root: u\nexternal: [b.y, a.x]"));
        Assert.NotEqual(Hash("root: u\nexternal: [a.x, b.y]"), Hash("root: u\nexternal: [a.x]"));
    }

    [Fact]
    public void The_hash_never_changes_from_one_version_to_the_next() =>
        Assert.Equal("0ec7a8d6300d2df17f7c90b2c61c407def367de4030ddcf0c183eaae9501ccc3", Hash(Policy));

    private static string Hash(string yaml) => PolicyReader.Read(yaml, null).Hash;
}
