using Expunge.Postgres;
using Expunge.Testing;
using Expunge.Tests.Schemas;
using Xunit;

namespace Expunge.Tests.Rehearsing;

/// <summary>The schemas of real applications go the whole way.</summary>
public sealed class SharedSchemaRehearsalTests
{
    public static TheoryData<string> Names => [.. SharedSchemas.Names.DefaultIfEmpty("none")];

    [Theory, MemberData(nameof(Names))]
    public async Task A_schema_goes_the_whole_way(string name)
    {
        if (SharedSchemas.Missing() is { } reason) Assert.Skip(reason);
        await using var database = new TestDatabase(await TestServer.EmptyAsync());
        await SharedSchemas.BuildAsync(name, database.ConnectionString);
        var policy = await database.InitAsync(QualifiedName.Parse(SharedSchemas.Root(name)));

        var report = await RehearsalTests.RehearseAsync(await SharedSchemas.SqlAsync(name), policy);

        Assert.True(report.Ok, RehearsalTests.Text(report));
    }
}
