using System.Diagnostics;
using System.Text.RegularExpressions;
using Xunit;

namespace Expunge.Cli.Tests;

/// <summary>The demo checks its own claims and ends with 1 where one does not hold; here it is run for real, with few users.</summary>
public sealed partial class DemoTests
{
    [Fact]
    public async Task The_demo_tells_all_its_acts()
    {
        var result = await ExpungeProcess.RunAsync(["demo", "--users", "60"]);

        Assert.True(result.ExitCode == 0, result.Output + result.Error);
        foreach (var act in (string[])["①", "②", "③", "④", "⑤", "⑥"]) Assert.Contains(act, result.Output, StringComparison.Ordinal);
        Assert.Contains("ERROR:  update or delete on table \"users\" violates foreign key constraint", result.Output, StringComparison.Ordinal);
        Assert.Contains("✅ CASCADE constraints fixed successfully!", result.Output, StringComparison.Ordinal);
        Assert.Contains("✅ Daily Aggregates 6/6", result.Output, StringComparison.Ordinal);
        Assert.Contains("identical to before the upgrade", result.Output, StringComparison.Ordinal);
        Assert.Contains("The story is told", result.Output, StringComparison.Ordinal);
        Assert.False(IsRunning(Port(result.Output)));
    }

    [Fact]
    public async Task A_kept_demo_goes_on_running_says_how_to_connect_and_how_to_stop_it()
    {
        var result = await ExpungeProcess.RunAsync(["demo", "--users", "20", "--legacy", "--keep"]);

        Assert.True(result.ExitCode == 0, result.Output + result.Error);
        var uri = Match(result.Output, "export EXPUNGE_DATABASE='(.*)'");
        var directory = Match(result.Output, "cd (\\S+)");
        var verify = await ExpungeProcess.RunAsync(["verify"], new Dictionary<string, string?> { ["EXPUNGE_DATABASE"] = uri }, directory: directory);
        using var stop = Process.Start("/bin/sh", ["-c", Match(result.Output, "remove its data:  (.*)")]);
        await stop.WaitForExitAsync();
        Directory.Delete(directory, recursive: true);

        Assert.True(verify.ExitCode == 0, verify.Output + verify.Error);
        Assert.Contains("✅ Legacy 9/9", verify.Output, StringComparison.Ordinal);
        for (var wait = 0; IsRunning(Port(result.Output)) && wait < 100; wait++) await Task.Delay(100);
        Assert.False(IsRunning(Port(result.Output)));
    }

    [Fact]
    public async Task The_served_demo_prints_the_documents_two_requests_which_do_what_the_document_says()
    {
        using var demo = ExpungeProcess.Start(["demo", "--users", "20", "--serve"]);
        var printed = await demo.UntilAsync("Ctrl-C stops the server");
        var requests = CurlPattern().Matches(printed).Select(m => m.Value).ToList();

        var login = await ShellAsync(requests[0]);
        var deleted = await ShellAsync(requests[1]);
        var again = await ShellAsync(requests[1]);
        demo.Interrupt();
        var result = await demo.WaitAsync();

        Assert.Contains("\"access_token\":\"", login, StringComparison.Ordinal);
        Assert.Contains("\"token_type\":\"bearer\"", login, StringComparison.Ordinal);
        Assert.Equal("""{"deleted":1,"message":"Permanently deleted 1 user(s) and all associated data"}""", deleted);
        Assert.Contains($"# Should return: {deleted}", printed, StringComparison.Ordinal);
        Assert.Contains("User 12345 not found", again, StringComparison.Ordinal);
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.False(IsRunning(Port(printed)));
    }

    [Theory]
    [InlineData("9")]
    [InlineData("many")]
    public async Task A_number_of_users_that_makes_no_sense_is_refused(string users) =>
        Assert.Equal(2, (await ExpungeProcess.RunAsync(["demo", "--users", users])).ExitCode);

    private static async Task<string> ShellAsync(string command)
    {
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command.Replace("curl ", "curl -s ", StringComparison.Ordinal)]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        var output = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        Assert.Equal(0, shell.ExitCode);
        return output;
    }

    private static string Match(string text, string pattern) => Regex.Match(text, pattern, RegexOptions.None, TimeSpan.FromSeconds(1)).Groups[1].Value;

    private static int Port(string output) => int.Parse(PortPattern().Match(output).Groups[1].Value);

    private static bool IsRunning(int port)
    {
        using var client = new System.Net.Sockets.TcpClient();
        try
        {
            client.Connect("127.0.0.1", port);
            return true;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }

    // A command goes on while its lines end with a backslash.
    [GeneratedRegex(@"^curl (.*\\\n)*.*$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex CurlPattern();

    [GeneratedRegex("runs on port (\\d+)", RegexOptions.None, 1000)]
    private static partial Regex PortPattern();
}
