using System.Diagnostics;
using System.Reflection;
using System.Text;
using Expunge.Embedded;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Revisions;
using Expunge.Verification;
using Npgsql;

namespace Expunge.Bench;

/// <summary>Verifying databases of many foreign keys, when all of them are wrong and after the upgrade: the library's call, and the whole command as a process.</summary>
internal static class VerifyBench
{
    private const int Rounds = 5;

    public static async Task RunAsync(bool small)
    {
        await using var server = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { Settings = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { ["max_locks_per_transaction"] = "20000", ["fsync"] = "off" } });
        Console.WriteLine($"PostgreSQL {server.Binaries.Version}; median of {Rounds} rounds, those of the process with the start of .NET.\n\n| foreign keys | findings | snapshot | verify | journal | together, library | worst | process, text | worst | process, JUnit | guard check | worst | guard check --schema-file, by pg_dump | worst | other SQL | worst |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (var keys in small ? [1_000] : (int[])[1_000, 10_000]) await RowsAsync(server, keys, upgrade: keys == 1_000);
    }

    private static async Task RowsAsync(EmbeddedPostgres server, int keys, bool upgrade)
    {
        await using (var admin = NpgsqlDataSource.Create(server.ConnectionString))
        {
            await using var create = admin.CreateCommand($"CREATE DATABASE keys_{keys}");
            await create.ExecuteNonQueryAsync();
        }

        var connectionString = server.ConnectionStringTo($"keys_{keys}");
        await using var source = NpgsqlDataSource.Create(connectionString);
        await ExecuteAsync(source, "CREATE TABLE users (id integer PRIMARY KEY)");
        for (var first = 1; first <= keys; first += 500)
        {
            // Every tenth leads to another child: depth, too.
            var tables = new StringBuilder();
            for (var n = first; n < first + 500; n++) tables.Append($"CREATE TABLE child_{n} (id integer PRIMARY KEY, parent integer REFERENCES {(n % 10 == 0 ? $"child_{n - 1}" : "users")}, name text);");
            await ExecuteAsync(source, tables.ToString());
        }

        await ExecuteAsync(source, "VACUUM ANALYZE");
        await using var database = new Database(new NpgsqlConnectionStringBuilder(connectionString));
        var policy = new PolicyFile { Root = new QualifiedName("public", "users") };
        await RowAsync(database, policy, $"{keys:N0}, none as the policy says");
        if (!upgrade) return;
        if (!(await Upgrade.ApplyAsync(database, policy, new UpgradeOptions())).Succeeded) throw new InvalidOperationException("The upgrade did not succeed.");
        await RowAsync(database, policy, $"{keys:N0}, all upgraded");
    }

    private static async Task RowAsync(Database database, PolicyFile policy, string title)
    {
        var (snapshots, pure, library, text, junit, guard, file, other) = (new List<double>(), new List<double>(), new List<double>(), new List<double>(), new List<double>(), new List<double>(), new List<double>(), new List<double>());
        var (dump, script) = (Path.GetTempFileName(), Path.GetTempFileName());
        await WriteAsync(database, dump, script);
        var findings = 0;
        for (var round = 0; round <= Rounds; round++)
        {
            var clock = Stopwatch.StartNew();
            var catalog = await database.ReadCatalogAsync();
            var catalogRead = Lap(clock);
            findings = Verifier.Verify(Decisions.Of(catalog, policy)).Findings.Length;
            var verified = Lap(clock);
            await DatabaseVerifier.ReadAsync(database, policy);
            var both = Lap(clock);
            var process = await ProcessAsync(database, "verify", "--format", "text");
            var forTests = await ProcessAsync(database, "verify", "--format", "junit");
            var live = await ProcessAsync(database, "guard", "check");
            var read = await ProcessAsync(database, "guard", "check", "--schema-file", dump);
            var loaded = await ProcessAsync(database, "guard", "check", "--schema-file", script);
            // The first compiles, and makes caches warm.
            if (round == 0) continue;
            snapshots.Add(catalogRead);
            pure.Add(verified);
            library.Add(both);
            text.Add(process);
            junit.Add(forTests);
            guard.Add(live);
            file.Add(read);
            other.Add(loaded);
        }

        Console.WriteLine(
            $"| {title} | {findings:N0} | {Median(snapshots):0} ms | {Median(pure):0} ms | {Math.Max(0, Median(library) - Median(snapshots) - Median(pure)):0} ms | {Median(library):0} ms | {library.Max():0} ms | {Median(text):0} ms | {text.Max():0} ms | {Median(junit):0} ms | {Median(guard):0} ms | {guard.Max():0} ms | {Median(file):0} ms | {file.Max():0} ms | {Median(other):0} ms | {other.Max():0} ms |");
        File.Delete(dump);
        File.Delete(script);
    }

    private static async Task<double> ProcessAsync(Database database, params string[] command)
    {
        var cli = typeof(VerifyBench).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == "Expunge.Cli.dll").Value!;
        var start = new ProcessStartInfo("dotnet", [cli, .. command, "--root", "public.users"]) { UseShellExecute = false, RedirectStandardOutput = true };
        // Not as an argument: it has a password.
        start.Environment["EXPUNGE_DATABASE"] = database.Settings.ConnectionString;
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode <= 1 && output.Length > 0 ? clock.Elapsed.TotalMilliseconds : throw new InvalidOperationException($"expunge {string.Join(' ', command)} ended with {process.ExitCode}: {output}");
    }

    /// <summary>The schema as pg_dump writes it, tables, then keys, and the same as a script of anybody's, which is loaded into a server. The private server's npm package has no pg_dump.</summary>
    private static async Task WriteAsync(Database database, string dump, string script)
    {
        await using var connection = await database.OpenAsync();
        await using var command = new NpgsqlCommand(
            """
            SET search_path = '';
            SELECT string_agg(sql, E';\n' ORDER BY keys, name) FROM (
              SELECT 1 AS keys, oid::regclass::text AS name, format('CREATE TABLE %s (id integer NOT NULL, parent integer, name text)', oid::regclass) AS sql FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
              UNION ALL SELECT CASE contype WHEN 'p' THEN 2 ELSE 3 END, conname, format('ALTER TABLE ONLY %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE contype IN ('p', 'f') AND connamespace = 'public'::regnamespace
              UNION ALL SELECT 4, i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = 'public'::regnamespace AND NOT i.indisprimary) s
            """, connection);
        var sql = (string)(await command.ExecuteScalarAsync())!;
        await File.WriteAllTextAsync(script, sql);
        await File.WriteAllTextAsync(dump, $"SELECT pg_catalog.set_config('search_path', '', false);\n{sql}");
    }

    private static double Lap(Stopwatch clock)
    {
        var milliseconds = clock.Elapsed.TotalMilliseconds;
        clock.Restart();
        return milliseconds;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync();
    }
}
