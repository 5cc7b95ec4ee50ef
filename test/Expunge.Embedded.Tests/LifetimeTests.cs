using System.Diagnostics;

namespace Expunge.Embedded.Tests;

/// <summary>The server ends with the process that started it, however that one ends.</summary>
public sealed class LifetimeTests
{
    [Theory]
    [InlineData("KILL", false)]
    [InlineData("TERM", false)]
    [InlineData("INT", false)]
    [InlineData("INT", true)]
    [InlineData("KILL", true)]
    public async Task The_server_and_its_data_go_with_their_process(string signal, bool wholeGroup)
    {
        Assert.SkipWhen(!OperatingSystem.IsLinux(), "Needs setsid and signals.");
        using var host = await HostProcess.StartAsync("serve", 3);
        Assert.True(Eventually.Listens(host.Port));
        await host.SignalAsync(signal, wholeGroup ? -host.Id : host.Id);
        await GoneAsync(host);
    }

    [Fact]
    public async Task What_a_machine_reset_leaves_is_swept_by_the_next_start()
    {
        Assert.SkipWhen(!OperatingSystem.IsLinux(), "Needs /proc.");
        using var host = await HostProcess.StartAsync("serve", 3);
        await host.SignalAsync("KILL", host.Supervisor());
        await host.SignalAsync("KILL", host.Id);
        await host.WaitAsync();
        Assert.True(Directory.Exists(host.DataDirectory));
        await using (await EmbeddedPostgres.StartAsync(ct: TestContext.Current.CancellationToken)) { }
        await GoneAsync(host);
    }

    [Fact]
    public async Task The_sweep_spares_a_process_that_has_the_pid_of_a_former_server()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() || OperatingSystem.IsMacOS(), "Needs GNU programs.");
        await using (await EmbeddedPostgres.StartAsync(ct: TestContext.Current.CancellationToken)) { }
        using var innocent = Process.Start(new ProcessStartInfo("sleep", ["60"]) { UseShellExecute = false })!;
        var data = Directory.CreateDirectory(Path.Combine(CacheDirectory.FromEnvironment().Servers, "left-by-a-test", "data")).FullName;
        await File.WriteAllTextAsync(Path.Combine(data, "postmaster.pid"), $"{innocent.Id}\n{data}\n", TestContext.Current.CancellationToken);
        // As it would be after a run as root: the account of the server owns it.
        await Command.RunAsync(["chown", "-R", $"--reference={CacheDirectory.FromEnvironment().Servers}", Path.GetDirectoryName(data)!], ct: TestContext.Current.CancellationToken);

        await using (await EmbeddedPostgres.StartAsync(ct: TestContext.Current.CancellationToken)) { }
        Assert.False(Directory.Exists(Path.GetDirectoryName(data)));
        Assert.False(innocent.HasExited);
        innocent.Kill();
    }

    [Fact]
    public async Task A_server_to_be_kept_stays_until_its_stop_command()
    {
        Assert.SkipWhen(!OperatingSystem.IsLinux(), "Needs setsid.");
        using var host = await HostProcess.StartAsync("keep", 5);
        await host.WaitAsync();
        // The sweep of another start leaves it alone, too.
        await using (await EmbeddedPostgres.StartAsync(ct: TestContext.Current.CancellationToken)) { }
        Assert.True(Eventually.Listens(host.Port));
        await Command.RunAsync(["sh", "-c", host.Lines[3]], ct: TestContext.Current.CancellationToken);
        Assert.False(Eventually.Listens(host.Port));
        Assert.False(Directory.Exists(Path.GetDirectoryName(host.DataDirectory)));
    }

    [Fact]
    public async Task Two_processes_that_start_at_once_with_an_empty_cache_both_get_a_server()
    {
        Assert.SkipWhen(!OperatingSystem.IsLinux(), "Needs setsid.");
        var cache = Directory.CreateTempSubdirectory("expunge-test-");
        try
        {
            // For root the server runs in another account, which must be able to enter.
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(cache.FullName, (UnixFileMode)0b111_101_101);
            var hosts = await Task.WhenAll(HostProcess.StartAsync("serve", 3, cache.FullName), HostProcess.StartAsync("serve", 3, cache.FullName));
            Assert.NotEqual(hosts[0].Port, hosts[1].Port);
            Assert.All(hosts, h => Assert.True(Eventually.Listens(h.Port)));
            Assert.Single(Directory.GetDirectories(Path.Combine(cache.FullName, "templates")));
            foreach (var host in hosts)
            {
                host.Dispose();
                await GoneAsync(host);
            }
        }
        finally
        {
            cache.Delete(recursive: true);
        }
    }

    private static Task GoneAsync(HostProcess host) => Eventually.TrueAsync(
        () => !Eventually.Listens(host.Port) && !Directory.Exists(Path.GetDirectoryName(host.DataDirectory)),
        $"server on port {host.Port} is gone with {host.DataDirectory}");
}
