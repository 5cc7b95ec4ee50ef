using Expunge.Bench;

// dotnet run -c Release --project bench/Expunge.Bench -- migration|planning [--small]
var small = args.Contains("--small");
switch (args.FirstOrDefault())
{
    case "migration":
        await MigrationBench.RunAsync(small);
        return 0;
    case "planning":
        await PlanningBench.RunAsync(small);
        return 0;
    default:
        Console.Error.WriteLine("Name one: migration, planning. --small does less, in under 2 minutes.");
        return 2;
}
