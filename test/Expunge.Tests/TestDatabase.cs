using Expunge.Catalog;
using Expunge.Deletion;
using Expunge.Graph;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Revisions;
using Expunge.Testing;
using Expunge.Verification;
using Npgsql;
using Xunit;

namespace Expunge.Tests;

/// <summary>A database that a test takes through the main job by the library alone, as the commands do it.</summary>
internal sealed class TestDatabase(string connectionString) : IAsyncDisposable
{
    public string ConnectionString { get; } = connectionString;

    public Database Database { get; } = new(new NpgsqlConnectionStringBuilder(connectionString));

    public async Task<CatalogSnapshot> CatalogAsync() => await Database.ReadCatalogAsync();

    /// <summary><c>expunge init</c>: the suggestions as a file, and the file read again.</summary>
    public async Task<PolicyFile> InitAsync(QualifiedName rootName)
    {
        var catalog = await CatalogAsync();
        var root = catalog.Table(rootName);
        var suggestions = Suggestions.For(catalog, root);
        await using var connection = await Database.OpenAsync();
        var differing = new Dictionary<Reference, long?>();
        foreach (var s in suggestions) differing[s.Reference] = await SharedRows.CountAsync(connection, catalog, root, suggestions, s);
        var path = Path.Combine(Path.GetTempPath(), $"expunge_{Guid.NewGuid():N}.yaml");
        try
        {
            await File.WriteAllTextAsync(path, PolicyDraft.Write(catalog, root, suggestions, differing));
            return PolicyReader.Load(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    public Task<RevisionOutcome> UpgradeAsync(PolicyFile policy, TimeSpan? maxWait = null) => Upgrade.ApplyAsync(Database, policy, Options(maxWait));

    public async Task<RevisionOutcome> DowngradeAsync(TimeSpan? maxWait = null) =>
        await Downgrade.RevertAsync(Database, Downgrade.Targets(await Journal.RevisionsAsync(Database), toBase: false)[0], Options(maxWait));

    public async Task<VerifyReport> VerifyAsync(PolicyFile policy) => Verifier.Verify(Decisions.Of(await CatalogAsync(), policy));

    public Task<DeletionEstimate> EstimateAsync(PolicyFile policy, params string[] ids) => Estimator.EstimateAsync(Database, policy, ids);

    public Task<DeletionResult> DeleteAsync(PolicyFile policy, params string[] ids) => Deleter.DeleteAsync(Database, policy, ids);

    /// <summary>The rows of every table, partitions left out: they are counted with the table above them.</summary>
    public async Task<Dictionary<QualifiedName, long>> CountAsync()
    {
        var tables = (await CatalogAsync()).Tables.Where(t => t.PartitionOf is null).ToList();
        var counts = new Dictionary<QualifiedName, long>();
        await using var connection = await TestServer.OpenAsync(ConnectionString);
        await using var command = new NpgsqlCommand(string.Join(";", tables.Select(t => $"SELECT count(*) FROM {(t.IsPartitioned ? "" : "ONLY ")}{t.Name.Sql}")), connection);
        await using var reader = await command.ExecuteReaderAsync();
        foreach (var table in tables)
        {
            await reader.ReadAsync();
            counts[table.Name] = reader.GetInt64(0);
            await reader.NextResultAsync();
        }

        return counts;
    }

    public Task ExecuteAsync(string sql) => TestServer.ExecuteAsync(ConnectionString, sql);

    public async Task<T> ScalarAsync<T>(string sql, params object?[] values)
    {
        await using var connection = await TestServer.OpenAsync(ConnectionString);
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values) command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public Task<string> CatalogTextAsync() => CatalogText.ReadAsync(ConnectionString);

    /// <summary>Fails with the lines that differ.</summary>
    public async Task CatalogIsAsync(string expected)
    {
        var difference = CatalogText.Difference(expected, await CatalogTextAsync());
        Assert.True(difference.Length == 0, $"The catalog differs:\n{difference}");
    }

    public ValueTask DisposeAsync() => Database.DisposeAsync();

    private static UpgradeOptions Options(TimeSpan? maxWait) => new() { Locks = new LockOptions { MaxWait = maxWait ?? TimeSpan.FromSeconds(60) } };
}
