using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Tests.Revisions;
using Xunit;

namespace Expunge.Tests.Outbox;

/// <summary>The blog with external columns, upgraded.</summary>
internal sealed class OutboxDatabase(TestDatabase test, PolicyFile policy) : IAsyncDisposable
{
    public TestDatabase Test { get; } = test;

    public PolicyFile Policy { get; } = policy;

    public static async Task<OutboxDatabase> CreateAsync(string external, string schema = "", string policy = "")
    {
        var database = await Blog.CreateAsync(schema);
        var read = PolicyReader.Read($"root: users\nexternal: [{external}]\n{policy}", null);
        // The shared references are decided here, all by the default.
        if (policy.Length == 0) read = read with { References = [.. Decisions.Of(await database.CatalogAsync(), read).Undecided.Select(d => new ReferencePolicy(new(d.Reference.Table.Name, d.Reference.Columns), PolicyAction.Cascade, null, null, new(1, 1)))] };
        Assert.True((await database.UpgradeAsync(read)).Succeeded);
        return new OutboxDatabase(database, read);
    }

    public Task<DeletionResult> DeleteAsync(params string[] ids) => Test.DeleteAsync(Policy, ids);

    /// <summary>What waits, as <c>table.column value</c>.</summary>
    public async Task<List<string>> ValuesAsync() => await Test.ScalarAsync<bool>("SELECT to_regclass('expunge.outbox') IS NULL") ? []
        : await ListAsync("SELECT concat_ws(' ', table_name || '.' || column_name, value) COLLATE \"C\" FROM expunge.outbox WHERE state = 'pending' ORDER BY 1");

    public async Task<List<string>> ListAsync(string sql) => [.. await Test.ScalarAsync<string[]>($"SELECT coalesce(array_agg(v), '{{}}') FROM ({sql}) AS rows(v)")];

    public ValueTask DisposeAsync() => Test.DisposeAsync();
}
