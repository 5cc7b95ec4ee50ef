using Expunge.Policy;
using Expunge.Postgres;
using Xunit;

namespace Expunge.Tests.Policy;

public sealed class SoftReferenceWriterTests
{
    private static readonly (ReferenceKey, string)[] Entries = [(Key("logs", "user_id"), "review (strong): 3 of 3 values are keys"), (Key("odd, table", "of it"), "review")];

    private const string Added = "logs.user_id: delete    # review (strong): 3 of 3 values are keys\n  '\"odd, table\".of it': delete    # review\n";

    [Theory]
    [InlineData("root: users\n", "root: users\n\nsoft_references:\n  @")]
    [InlineData("root: users", "root: users\n\nsoft_references:\n  @")]
    [InlineData("# nothing\nroot: users\n# soft_references:\n#   a.b: delete\n", "# nothing\nroot: users\n# soft_references:\n#   a.b: delete\n\nsoft_references:\n  @")]
    [InlineData("root: users\nsoft_references:   # here\n\n  a.b: delete   # why\n\n", "root: users\nsoft_references:   # here\n\n  a.b: delete   # why\n  @\n")]
    [InlineData("root: users\nsoft_references:\n  a.b: delete\n  # of a.b\n# of what comes\n\nrevision: '2'\n", "root: users\nsoft_references:\n  a.b: delete\n  # of a.b\n  @# of what comes\n\nrevision: '2'\n")]
    [InlineData("soft_references:\n  a.b: { action: delete,\n    enforce: true }\nroot: users\n", "soft_references:\n  a.b: { action: delete,\n    enforce: true }\n  @root: users\n")]
    [InlineData("soft_references:\n  a.b:\n    action: delete\n    enforce: true\nroot: users", "soft_references:\n  a.b:\n    action: delete\n    enforce: true\n  @root: users")]
    [InlineData("root: users\nsoft_references:\n  a.b: delete", "root: users\nsoft_references:\n  a.b: delete\n  @")]
    [InlineData("  root: users\n  default: keep\n", "  root: users\n  default: keep\n\n  soft_references:\n    @")]
    [InlineData("\uFEFFroot: users\n", "\uFEFFroot: users\n\nsoft_references:\n  @")]
    public void It_adds_lines_and_changes_nothing_else(string before, string after)
    {
        var indent = after[(after[..after.IndexOf('@', StringComparison.Ordinal)].LastIndexOf('\n') + 1)..after.IndexOf('@', StringComparison.Ordinal)];
        Assert.Equal(after.Replace("@", Added.Replace("\n  '", $"\n{indent}'", StringComparison.Ordinal), StringComparison.Ordinal), SoftReferenceWriter.Add(before, null, Entries));
        var windows = before.Replace("\n", "\r\n", StringComparison.Ordinal);
        if (windows != before) Assert.Equal(SoftReferenceWriter.Add(before, null, Entries).Replace("\n", "\r\n", StringComparison.Ordinal), SoftReferenceWriter.Add(windows, null, Entries));
    }

    [Theory]
    [InlineData("root: users\nsoft_references: { a.b: delete }\n")]
    [InlineData("root: users\nsoft_references: {}\n")]
    [InlineData("{ root: users }\n")]
    [InlineData("root: users\n...\n")]
    [InlineData("root: users\nsoft_references:\n  logs.user_id: delete\n")]
    public void What_it_can_not_add_to_is_refused(string text) =>
        Assert.Equal(ErrorCodes.PolicyNotAddable, Assert.Throws<ExpungeException>(() => SoftReferenceWriter.Add(text, null, Entries)).Code);

    [Fact]
    public void To_ZivoHealths_policy_it_adds_and_the_rest_stays_as_it_is()
    {
        var before = ZivoHealth.Deployment.Policy;
        var after = SoftReferenceWriter.Add(before, null, Entries);
        Assert.Equal(before, after.Replace("  " + Added, "", StringComparison.Ordinal));
        Assert.Equal(7, PolicyReader.Read(after, null).SoftReferences.Length);
    }

    [Fact]
    public void A_comment_stays_on_its_line()
    {
        var after = SoftReferenceWriter.Add("root: users\n", null, [(Key("a", "b"), "one\n  c.d: delete")]);
        Assert.EndsWith("a.b: delete    # one   c.d: delete\n", after, StringComparison.Ordinal);
    }

    [Fact]
    public void The_file_is_replaced_with_its_permissions_and_a_link_stays_a_link()
    {
        var folder = Directory.CreateTempSubdirectory("expunge_writer_").FullName;
        try
        {
            var (file, link) = (Path.Combine(folder, "policy.yaml"), Path.Combine(folder, "link.yaml"));
            File.WriteAllText(file, "root: users\n");
            File.CreateSymbolicLink(link, file);
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
            SoftReferenceWriter.AddToFile(link, Entries);
            Assert.NotNull(new FileInfo(link).LinkTarget);
            Assert.Equal($"root: users\n\nsoft_references:\n  {Added}", File.ReadAllText(file));
            if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(file));
            Assert.Equal(2, Directory.EnumerateFileSystemEntries(folder).Count());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static ReferenceKey Key(string table, string column) => new(new QualifiedName("public", table), [column]);
}
