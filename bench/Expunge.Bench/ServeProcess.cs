using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Reflection;
using System.Text.Json;

namespace Expunge.Bench;

/// <summary><c>expunge serve</c> as a process of its own, and a client that is signed in as the super admin.</summary>
internal sealed record ServeProcess(Process Process, HttpClient Client) : IAsyncDisposable
{
    public const string Password = "correct horse battery";

    public static async Task<ServeProcess> StartAsync(string connectionString)
    {
        using (var admin = Start(connectionString, "admin", "create", "root", "--super"))
        {
            await admin.StandardInput.WriteLineAsync(Password);
            admin.StandardInput.Close();
            await admin.WaitForExitAsync();
        }

        var process = Start(connectionString, "serve", "--port", "0", "--root", "public.users");
        string? line;
        do line = await process.StandardOutput.ReadLineAsync();
        while (line?.Contains("dashboard", StringComparison.Ordinal) == false);
        var client = new HttpClient { BaseAddress = new Uri(line!.Split(' ')[^1]) };
        using var login = await client.PostAsJsonAsync(new Uri("/api/v1/auth/admin/login", UriKind.Relative), new { username = "root", password = Password });
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await login.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("access_token").GetString());
        return new ServeProcess(process, client);
    }

    private static Process Start(string connectionString, params string[] args)
    {
        var cli = typeof(ServeProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == "Expunge.Cli.dll").Value!;
        var info = new ProcessStartInfo("dotnet", [cli, .. args]) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        // Not as an argument: it has a password.
        info.Environment["EXPUNGE_DATABASE"] = connectionString;
        info.Environment["Expunge__DeletionsPerMinute"] = "100000";
        var process = Process.Start(info)!;
        // It logs each deletion: nobody reads it here, and a full pipe would stop it.
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        return process;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Process.Kill();
        await Process.WaitForExitAsync();
        Process.Dispose();
    }
}
