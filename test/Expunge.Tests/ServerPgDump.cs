using Expunge.Postgres;
using Expunge.Testing;
using Xunit;

namespace Expunge.Tests;

/// <summary>The pg_dump for the tests' server, which its npm package does not have.</summary>
internal static class ServerPgDump
{
    /// <summary>Finds it, or skips the test.</summary>
    public static async Task<PgDump> FindOrSkipAsync()
    {
        var major = await TestServer.MajorVersionAsync();
        try
        {
            return await PgDump.FindAsync(major, Environment.GetEnvironmentVariable, TestContext.Current.CancellationToken);
        }
        catch (ExpungeException e) when (e.Code == ErrorCodes.PgDumpUnusable)
        {
            Assert.Skip($"no pg_dump for PostgreSQL {major} here: {e.Message}");
            throw;
        }
    }
}
