using Expunge.Embedded;

namespace Expunge.Bench;

/// <summary>A private server with settings as a production server has them, but for two.</summary>
internal static class BenchServer
{
    public static Task<EmbeddedPostgres> StartAsync() => EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions
    {
        Settings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["shared_buffers"] = "1GB",
            ["max_wal_size"] = "8GB",
            ["maintenance_work_mem"] = "256MB",
            // It would come in one round and not in the other.
            ["autovacuum"] = "off",
            ["max_connections"] = "60",
            // A disk that stalls for half a second now and then, as those of rented machines do, hides what is to be measured. EXPUNGE_BENCH_FSYNC=on is as in production.
            ["fsync"] = Environment.GetEnvironmentVariable("EXPUNGE_BENCH_FSYNC") ?? "off",
            ["synchronous_commit"] = "on",
        },
    });
}
