using System.Runtime.InteropServices;
using Expunge.Bench;

// dotnet run -c Release --project bench/Expunge.Bench -- migration|locks|planning|deletion|unindexed|whale|million|soft|probe|verify|server|dashboard [--small]
var small = args.Contains("--small");
Func<bool, Task>? bench = args.FirstOrDefault() switch
{
    "migration" => MigrationBench.RunAsync,
    "locks" => LockOrderBench.RunAsync,
    "planning" => PlanningBench.RunAsync,
    "deletion" => DeletionBench.RunAsync,
    "unindexed" => UnindexedBench.RunAsync,
    "whale" => WhaleBench.RunAsync,
    "million" => MillionBench.RunAsync,
    "soft" => SoftBench.RunAsync,
    "probe" => ProbeBench.RunAsync,
    "verify" => VerifyBench.RunAsync,
    "server" => ServerBench.RunAsync,
    "dashboard" => DashboardBench.RunAsync,
    _ => null,
};
if (bench is null)
{
    Console.Error.WriteLine("Name one: migration, locks, planning, deletion, unindexed, whale, million, soft, probe, verify, server, dashboard. --small does less, in under 2 minutes.");
    return 2;
}

Console.WriteLine($"{DateTime.UtcNow:yyyy-MM-dd}, {RuntimeInformation.OSDescription}, {Environment.ProcessorCount} cores, .NET {Environment.Version}");
await bench(small);
return 0;
