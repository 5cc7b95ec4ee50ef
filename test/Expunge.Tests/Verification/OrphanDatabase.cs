using Expunge.Policy;
using Expunge.Testing;
using Expunge.Verification;

namespace Expunge.Tests.Verification;

/// <summary>A database with a few orphans, looked at and repaired by the library alone, as <c>expunge orphans</c> does it.</summary>
internal sealed class OrphanDatabase(TestDatabase test, string policy) : IAsyncDisposable
{
    public TestDatabase Test { get; } = test;

    public static async Task<OrphanDatabase> CreateAsync(string sql, string policy = "root: users\n")
    {
        var database = new TestDatabase(await TestServer.EmptyAsync());
        await database.ExecuteAsync(sql);
        return new OrphanDatabase(database, policy);
    }

    public async Task<Decisions> DecisionsAsync() => Decisions.Of(await Test.CatalogAsync(), PolicyReader.Read(policy, null));

    public async Task<OrphanReport> FindAsync(OrphanOptions? options = null) => await Orphans.FindAsync(Test.Database, await DecisionsAsync(), options ?? new OrphanOptions());

    /// <summary>Each reference that has any, with the rows: <c>likes.user_id 2: id = 1 → user_id = 9; …</c></summary>
    public async Task<string[]> ShownAsync(OrphanOptions? options = null) =>
        [.. (await FindAsync(options)).Lines.Where(l => l.Rows > 0).Select(l => $"{l.Reference} {l.Rows}: {string.Join("; ", l.Examples.Select(e => $"{e.Row} → {e.Missing}"))}").Order(StringComparer.Ordinal)];

    public async Task<OrphanFixPlan> PlanAsync(OrphanFixAction action, params string[] references) =>
        await OrphanFixPlanner.PlanAsync(Test.Database, await DecisionsAsync(), await FindAsync(new OrphanOptions { References = [.. references] }), action, TimeSpan.FromSeconds(60));

    public async Task<OrphanFixResult[]> FixAsync(OrphanFixAction action, IProgress<OrphanFixProgress>? progress = null, CancellationToken cancellation = default) =>
        [.. await OrphanFixer.RunAsync(Test.Database, await DecisionsAsync(), await PlanAsync(action), TimeSpan.FromSeconds(60), progress, cancellation)];

    public async Task<string> ListAsync(string sql) => string.Join(' ', await Test.ScalarAsync<string[]>($"SELECT coalesce(array_agg(v::text), '{{}}') FROM ({sql}) AS rows(v)"));

    public ValueTask DisposeAsync() => Test.DisposeAsync();
}
