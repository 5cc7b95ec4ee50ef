using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Server;
using Expunge.Subjects;
using Npgsql;

namespace Expunge.Cli.Demo;

/// <summary>The last act: the admin API.</summary>
internal sealed class ServeAct(DemoShell shell, string directory)
{
    /// <summary>Goes on with a server: prints the document's two requests, filled in, and serves until it is stopped.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        shell.Act("⑦ The admin API: the document's two requests, for a fresh user 12345");
        await using (var connection = await shell.OpenAsync(cancellation))
        {
            await DemoShell.NextUserAsync(connection, 12345, cancellation);
            DemoStory.Expect(await DemoShell.SqlAsync(connection, DemoStory.InsertUser, cancellation), 12345, "the id of the new user");
            foreach (var sql in (string[])[DemoStory.InsertVitals, DemoStory.InsertNutrition]) await DemoShell.SqlAsync(connection, sql, cancellation);
        }

        DemoShell.Say();
        var password = RandomNumberGenerator.GetString("abcdefghijkmnpqrstuvwxyz23456789", 20);
        await shell.ExpungeAsync("admin create admin --super", 2, 2, input: password, cancellation: cancellation);
        await using var database = new Database(new NpgsqlConnectionStringBuilder(shell.ConnectionString), pooling: true);
        var policy = PolicyReader.Load(Path.Combine(directory, "expunge.yaml"));
        await using var server = ExpungeServer.Create(database, policy, await SubjectTable.ReadAsync(database, policy, cancellation), new ServerOptions { Url = FreeUrl() });
        DemoShell.Say("$ expunge serve");
        await server.StartAsync(cancellation);
        var url = server.Urls.First();
        DemoShell.Say($"""
            # Get admin token
            curl -X POST {url}/api/v1/auth/admin/login \
              -H "Content-Type: application/json" \
              -d '{"{"}"username":"admin","password":"{password}"{"}"}'

            # Delete user permanently
            curl -X POST {url}/api/v1/admin/users/delete-permanently \
              -H "Authorization: Bearer {await TokenAsync(url, password, cancellation)}" \
              -H "Content-Type: application/json" \
              -d '{"{"}"user_ids":[12345]{"}"}'

            # Should return: {"{"}"deleted":1,"message":"Permanently deleted 1 user(s) and all associated data"{"}"}

            The dashboard: {url} (sign in as admin). The API's reference: {url}/docs
            Ctrl-C stops the server and removes its data.
            """);
        await server.WaitForShutdownAsync(cancellation);
    }

    private static async Task<string> TokenAsync(string url, string password, CancellationToken cancellation)
    {
        using var client = new HttpClient();
        using var response = await client.PostAsJsonAsync($"{url}/api/v1/auth/admin/login", new { username = "admin", password }, cancellation);
        return (await response.Content.ReadFromJsonAsync<JsonElement>(cancellation)).GetProperty("access_token").GetString()!;
    }

    // The document's port, where nobody else listens there.
    private static string FreeUrl()
    {
        try
        {
            using var probe = new TcpListener(IPAddress.Loopback, 8000);
            probe.Start();
            return new ServerOptions().Url;
        }
        catch (SocketException)
        {
            return "http://127.0.0.1:0";
        }
    }
}
