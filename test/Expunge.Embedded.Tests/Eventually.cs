using System.Net.Sockets;

namespace Expunge.Embedded.Tests;

/// <summary>What becomes true soon: another process sees to it.</summary>
internal static class Eventually
{
    public static async Task TrueAsync(Func<bool> condition, string what)
    {
        for (var waited = 0; waited < 15_000; waited += 25)
        {
            if (condition()) return;
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }

        Assert.Fail($"Not so after 15 s: {what}");
    }

    public static bool Listens(int port)
    {
        try
        {
            using var client = new TcpClient("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
