using System.Text.Json;
using Expunge.Policy;
using Xunit;

namespace Expunge.Tests.Policy;

public sealed class PolicySchemaTests
{
    private static readonly JsonElement Schema = JsonDocument.Parse(File.ReadAllText(Path.Combine(Source(), "src", "Expunge", "Policy", "expunge.schema.json"))).RootElement;

    [Fact]
    public void The_schema_and_the_reader_know_the_same_keys()
    {
        Assert.Equal(PolicyReader.Keys, Properties(Schema));
        Assert.Equal(ColumnsReader.Keys, Properties(Schema.GetProperty("properties").GetProperty("columns")));
        Assert.Equal(ReferenceReader.Keys, Properties(Mapping("reference")));
        Assert.Equal(SoftReferenceReader.Keys, Properties(Mapping("softReference")));
        Assert.Equal(TableGroupReader.Keys, Properties(Mapping("tableGroup")));
    }

    [Fact]
    public void The_schema_and_the_reader_know_the_same_actions()
    {
        Assert.Equal(PolicyActionWords.All, Words(Definition("action")));
        Assert.Equal(PolicyReader.Defaults, Words(Schema.GetProperty("properties").GetProperty("default")));
        Assert.Equal([SoftReferenceReader.Delete], Words(Definition("softAction")));
    }

    [Fact]
    public void The_schemas_single_words_are_the_actions_that_need_nothing_more()
    {
        var words = Words(Definition("reference").GetProperty("anyOf")[0]);

        Assert.All(PolicyActionWords.All, word => Assert.Equal(words.Contains(word), Accepts($"root: users\nreferences: {{ t.c: {word} }}")));
    }

    [Fact]
    public void Every_word_belongs_to_its_action() => Assert.All(Enum.GetValues<PolicyAction>(), action => Assert.Equal(action, PolicyActionWords.Parse(action.Word())));

    private static bool Accepts(string yaml) => Record.Exception(() => PolicyReader.Read(yaml, null)) is null;

    private static JsonElement Definition(string name) => Schema.GetProperty("definitions").GetProperty(name);

    private static JsonElement Mapping(string definition) => Definition(definition).GetProperty("anyOf").EnumerateArray().Single(form => form.TryGetProperty("properties", out _));

    private static IEnumerable<string> Properties(JsonElement schema) => schema.GetProperty("properties").EnumerateObject().Select(property => property.Name);

    private static string[] Words(JsonElement schema) => [.. schema.GetProperty("enum").EnumerateArray().Select(word => word.GetString()!)];

    private static string Source()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "Expunge.slnx"))) directory = directory.Parent;
        return directory.FullName;
    }
}
