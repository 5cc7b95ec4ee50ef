using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Testing;
using Expunge.Verification;
using Npgsql;

namespace Expunge.Tests.Verification;

/// <summary>A database that a test verifies, repairs and verifies again.</summary>
internal static class VerifyDatabase
{
    public static readonly PolicyFile Users = new() { Root = new QualifiedName("public", "users") };

    public static async Task<TestDatabase> CreateAsync(string sql)
    {
        var database = new TestDatabase(await TestServer.EmptyAsync());
        await database.ExecuteAsync(sql);
        return database;
    }

    public static PolicyFile Policy(string yaml) => PolicyReader.Read($"root: users\n{yaml}", null);

    public static async Task<VerifyReport> ReadAsync(this TestDatabase database, PolicyFile? policy = null, string? role = null)
    {
        if (role is null) return await DatabaseVerifier.ReadAsync(database.Database, policy ?? Users);
        await using var other = new Database(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Options = $"-c role={role}" });
        return await DatabaseVerifier.ReadAsync(other, policy ?? Users);
    }

    public static async Task<Finding> SingleAsync(this TestDatabase database, string code, PolicyFile? policy = null, string? role = null) =>
        (await database.ReadAsync(policy, role)).Findings.Single(f => f.Code == code);

    public static async Task<IReadOnlyList<string>> CodesAsync(this TestDatabase database, PolicyFile? policy = null, string? role = null) =>
        [.. (await database.ReadAsync(policy, role)).Findings.Select(f => f.Code)];
}
