using System.Diagnostics;
using System.Reflection;
using Expunge.Embedded;
using Npgsql;

namespace Expunge.Bench;

/// <summary>The whole commands, as processes: probe on 100 tables with rows in them, rehearse on their schema.</summary>
internal static class ProbeBench
{
    private const int Rounds = 5;

    public static async Task RunAsync(bool small)
    {
        await using var server = await BenchServer.StartAsync();
        Console.WriteLine($"PostgreSQL {server.Binaries.Version}; whole processes, start of .NET included; {Rounds} rounds.\n\n| | {string.Join(" | ", Enumerable.Range(1, Rounds).Select(r => $"round {r}"))} | median |\n|---|{string.Concat(Enumerable.Repeat("---|", Rounds + 1))}");
        var hundred = await CreateAsync(server, "hundred", async source => await HundredTables.CreateAsync(source, users: small ? 100 : 10_000, rowsPerTable: 2));
        var folder = Directory.CreateTempSubdirectory("expunge-bench-").FullName;
        try
        {
            var schema = Path.Combine(folder, "schema.sql");
            await File.WriteAllTextAsync(schema, HundredTables.Schema);
            await MeasureAsync("`probe`, 100 tables", hundred, folder, "probe", "--root", "public.users");
            await MeasureAsync("`rehearse`, 100 tables, start of the server included", hundred, folder, "rehearse", "--root", "public.users", "--schema-file", schema);
            if (Environment.GetEnvironmentVariable("EXPUNGE_BENCH_SCHEMA") is { Length: > 0 } other) await MeasureAsync($"`rehearse`, {Path.GetFileName(other)}", hundred, Path.GetDirectoryName(other)!, "rehearse", "--schema-file", other);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<string> CreateAsync(EmbeddedPostgres server, string name, Func<NpgsqlDataSource, Task> fill)
    {
        await using (var admin = NpgsqlDataSource.Create(server.ConnectionString))
        {
            await using var create = admin.CreateCommand($"CREATE DATABASE {name}");
            await create.ExecuteNonQueryAsync();
        }

        await using var source = NpgsqlDataSource.Create(server.ConnectionStringTo(name));
        await fill(source);
        return server.ConnectionStringTo(name);
    }

    private static async Task MeasureAsync(string title, string connectionString, string folder, params string[] arguments)
    {
        var cli = typeof(ProbeBench).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == "Expunge.Cli.dll").Value!;
        var times = new List<double>();
        for (var round = 0; round <= Rounds; round++)
        {
            var start = new ProcessStartInfo("dotnet", [cli, .. arguments]) { UseShellExecute = false, RedirectStandardOutput = true, WorkingDirectory = folder };
            start.Environment["EXPUNGE_DATABASE"] = connectionString;
            var clock = Stopwatch.StartNew();
            using var process = Process.Start(start)!;
            var output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            if (process.ExitCode != 0) throw new InvalidOperationException($"expunge {string.Join(' ', arguments)} ended with {process.ExitCode}: {output}");
            // The first makes caches warm.
            if (round > 0) times.Add(clock.Elapsed.TotalSeconds);
        }

        Console.WriteLine($"| {title} | {string.Join(" | ", times.Select(t => $"{t:0.00} s"))} | {times.Order().ElementAt(Rounds / 2):0.00} s |");
    }
}
