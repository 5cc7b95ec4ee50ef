using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Xunit;

namespace Expunge.Cli.Tests;

public sealed partial class ServeTests
{
    [Fact]
    public async Task It_says_where_it_serves_and_that_nobody_can_sign_in_yet_and_ends_with_Ctrl_C()
    {
        using var blog = await BlogDatabase.CreateAsync();
        using var serve = ExpungeProcess.Start(["serve", "--port", "0", "--database", blog.ConnectionString], directory: blog.Policy.Folder);

        var url = UrlPattern().Match(await serve.UntilAsync("Ctrl-C stops it.")).Value;
        using var client = new HttpClient();
        var ready = await client.GetStringAsync(new Uri($"{url}/health/ready"), TestContext.Current.CancellationToken);
        serve.Interrupt();
        var result = await serve.WaitAsync();

        Assert.Equal("Healthy", ready);
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains("expunge admin create NAME --super", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_said_with_what_to_do()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        using var blog = await BlogDatabase.CreateAsync();

        var result = await blog.RunAsync("serve", "--listen", "127.0.0.1", "--port", $"{((IPEndPoint)taken.LocalEndpoint).Port}");

        Assert.True(result.ExitCode == 2, result.ToString());
        Assert.Contains("[EXP1402]", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--port", "many")]
    [InlineData("--port", "65536")]
    [InlineData("--listen", "not an address")]
    public async Task An_address_that_makes_no_sense_is_refused(string option, string value)
    {
        using var blog = await BlogDatabase.CreateAsync();

        var result = await blog.RunAsync("serve", option, value);

        Assert.True(result.ExitCode == 2, result.ToString());
    }

    [Fact]
    public async Task A_policy_that_does_not_fit_the_database_is_refused_before_anything_is_made()
    {
        using var blog = await BlogDatabase.CreateAsync("root: users\ncolumns:\n  show: [emial]\n");

        var result = await blog.RunAsync("serve", "--port", "0");

        Assert.True(result.ExitCode == 2, result.ToString());
        Assert.Contains("expunge.yaml:3:10: ", result.Error, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+", RegexOptions.None, 1000)]
    private static partial Regex UrlPattern();
}
