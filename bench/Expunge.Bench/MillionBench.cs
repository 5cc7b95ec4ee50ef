using System.Diagnostics;
using System.Reflection;
using Npgsql;

namespace Expunge.Bench;

/// <summary>A million ids from a file, deleted by the command line as a process of its own: its memory over time, and its time beside one-by-one deletes. Reads /proc, so on Linux only.</summary>
internal static class MillionBench
{
    public static async Task RunAsync(bool small)
    {
        var (users, alone, rounds) = small ? (50_000, 2_000, 2) : (1_000_000, 20_000, 3);
        await using var server = await BenchServer.StartAsync();
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server.ConnectionString) { CommandTimeout = 0, MaxAutoPrepare = 20, AutoPrepareMinUsages = 1 });
        var directory = Directory.CreateTempSubdirectory("expunge-bench-");
        await FillAsync(source, rounds * (users + alone));
        Console.WriteLine($"\nPostgreSQL {server.Binaries.Version}; {users:N0} ids a round from a file in random order, each with a row in users and one in posts. One by one: {alone:N0}, the rest extrapolated.");
        Console.WriteLine($"\n| round | Expunge | rows/s | peak memory (VmHWM) | VmRSS at 10 % of the time | 50 % | 90 % | one by one, {alone:N0} | times {users / alone} | × one by one |\n|---|---|---|---|---|---|---|---|---|---|");
        var (peaks, ratios, rates) = (new List<double>(), new List<double>(), new List<double>());
        var first = 1;
        for (var round = 1; round <= rounds; round++)
        {
            TimeSpan took = default, naive = default;
            Memory memory = new(0, []);
            foreach (var way in Enumerable.Range(0, 2).Select(w => (w + round) % 2))
            {
                var ids = Enumerable.Range(first, way == 0 ? alone : users).ToArray();
                first += ids.Length;
                new Random(round).Shuffle(ids);
                var clock = new Stopwatch();
                if (way == 0)
                {
                    clock.Start();
                    await DeletionBench.CascadeAsync(source, ids);
                    naive = clock.Elapsed;
                    continue;
                }

                var file = Path.Combine(directory.FullName, "ids.txt");
                await File.WriteAllLinesAsync(file, ids.Select(id => $"{id}"));
                clock.Start();
                memory = await ExpungeAsync(server.ConnectionString, file, ids.Length);
                took = clock.Elapsed;
            }

            await using (var vacuum = source.CreateCommand("VACUUM ANALYZE")) await vacuum.ExecuteNonQueryAsync();
            peaks.Add(memory.PeakMegabytes);
            rates.Add(2 * users / took.TotalSeconds);
            ratios.Add(naive * ((double)users / alone) / took);
            Console.WriteLine($"| {round} | {took.TotalSeconds:0.0} s | {rates[^1]:N0} | {peaks[^1]:0} MB | {memory.At(0.1):0} MB | {memory.At(0.5):0} MB | {memory.At(0.9):0} MB | {naive.TotalSeconds:0.0} s | {naive.TotalSeconds * users / alone:0} s | {ratios[^1]:0.0} |");
        }

        directory.Delete(recursive: true);
        Console.WriteLine($"| median | | **{DeletionBench.Median(rates):N0}** | {DeletionBench.Median(peaks):0} MB | | | | | | **{DeletionBench.Median(ratios):0.0}** |");
        Console.WriteLine($"| worst | | {rates.Min():N0} | **{peaks.Max():0} MB** | | | | | | {ratios.Min():0.0} |");
    }

    private sealed record Memory(double PeakMegabytes, IReadOnlyList<double> Megabytes)
    {
        public double At(double part) => Megabytes.Count == 0 ? 0 : Megabytes[(int)(part * (Megabytes.Count - 1))];
    }

    private static async Task<Memory> ExpungeAsync(string connectionString, string file, int users)
    {
        var cli = typeof(MillionBench).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == "Expunge.Cli.dll").Value!;
        var start = new ProcessStartInfo("dotnet", [cli, "delete", "--from-file", file, "--yes", "--root", "public.users"]) { UseShellExecute = false, RedirectStandardOutput = true, WorkingDirectory = Path.GetDirectoryName(file)! };
        // Not as an argument: it has a password.
        start.Environment["EXPUNGE_DATABASE"] = connectionString;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var (peak, samples) = (0.0, new List<double>());
        for (var ended = process.WaitForExitAsync(); await Task.WhenAny(ended, Task.Delay(100)) != ended;)
        {
            var status = await StatusAsync(process.Id);
            if (!status.TryGetValue("VmRSS", out var resident)) continue;
            samples.Add(resident);
            peak = status["VmHWM"];
        }

        var said = await output;
        if (process.ExitCode != 0 || !said.Contains($"deleted {users} ", StringComparison.Ordinal)) throw new InvalidOperationException($"exit code {process.ExitCode}: {said}");
        return new Memory(peak, samples);
    }

    // In megabytes; empty when it has just ended.
    private static async Task<Dictionary<string, double>> StatusAsync(int process)
    {
        try
        {
            return (await File.ReadAllLinesAsync($"/proc/{process}/status")).Where(l => l.StartsWith("VmRSS:", StringComparison.Ordinal) || l.StartsWith("VmHWM:", StringComparison.Ordinal))
                .ToDictionary(l => l[..5], l => double.Parse(l.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[^2], System.Globalization.CultureInfo.InvariantCulture) / 1024);
        }
        catch (IOException)
        {
            return [];
        }
    }

    private static async Task FillAsync(NpgsqlDataSource source, int users)
    {
        await using var connection = await source.OpenConnectionAsync();
        foreach (var sql in (string[])
        [
            $"CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL); INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, {users}) n",
            $"CREATE TABLE posts (id integer PRIMARY KEY, user_id integer NOT NULL, note text NOT NULL); INSERT INTO posts SELECT n, n, 'a note of some length, as notes are' FROM generate_series(1, {users}) n",
            "ALTER TABLE posts ADD FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE; CREATE INDEX ON posts (user_id)",
            "VACUUM ANALYZE",
        ])
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync();
        }
    }
}
