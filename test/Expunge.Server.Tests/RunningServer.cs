using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Revisions;
using Expunge.Server.Accounts;
using Expunge.Subjects;
using Expunge.Testing;
using Microsoft.AspNetCore.Builder;
using Npgsql;
using Xunit;

namespace Expunge.Server.Tests;

/// <summary>A server of its own for a test, on a free port, over a database of its own, with the super admin "root" and the admin "anna".</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    public const string Password = "correct horse battery";

    /// <summary>What recurs does so often enough for a test.</summary>
    public static readonly ServerOptions Quick = new() { SignInsPerMinute = 1000, DeletionsPerMinute = 1000, QueueEvery = TimeSpan.FromSeconds(1) };

    private readonly WebApplication _app;
    private readonly Database _database;

    private RunningServer(WebApplication app, Database database, string connectionString)
    {
        (_app, _database, ConnectionString) = (app, database, connectionString);
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
    }

    public string ConnectionString { get; }

    public HttpClient Client { get; }

    public string Url => _app.Urls.First();

    /// <summary>ZivoHealth with migration 067 done, 40 users.</summary>
    public static async Task<RunningServer> ZivoHealthAsync(ServerOptions? options = null)
    {
        var connectionString = await TestServer.CopyAsync("zivo_upgraded", async connection =>
        {
            await ZivoHealth.Deployment.CreateAsync(connection, legacy: false);
            await ZivoHealth.SampleData.FillAsync(connection, users: 40);
            await using var database = new Database(new NpgsqlConnectionStringBuilder((await TestServer.Server).ConnectionStringTo(connection.Database)));
            await Upgrade.ApplyAsync(database, PolicyReader.Read(ZivoHealth.Deployment.Policy, null), new UpgradeOptions());
            await CreateAccountsAsync(database);
        });
        return await StartAsync(connectionString, ZivoHealth.Deployment.Policy, options);
    }

    public static async Task<RunningServer> StartAsync(string connectionString, string policyText, ServerOptions? options = null)
    {
        var database = new Database(new NpgsqlConnectionStringBuilder(connectionString), pooling: true);
        var policy = PolicyReader.Read(policyText, null);
        if (!await ExpungeSchema.HasServerAsync(database)) await CreateAccountsAsync(database);
        await ExpungeSchema.EnsureServerAsync(database);
        options ??= Quick with { QueueEvery = TimeSpan.FromSeconds(5) };
        var app = ExpungeServer.Create(database, policy, await SubjectTable.ReadAsync(database, policy), options with { Url = "http://127.0.0.1:0" });
        await app.StartAsync();
        return new RunningServer(app, database, connectionString);
    }

    /// <summary>A client that is not signed in.</summary>
    public HttpClient Anonymous() => new() { BaseAddress = new Uri(Url) };

    /// <summary>Signs the client in; the next requests bring the token.</summary>
    public async Task<RunningServer> SignInAsync(string name = "root", string password = Password)
    {
        var login = await Client.PostAsJsonAsync("/api/v1/auth/admin/login", new { username = name, password });
        var body = await login.Content.ReadFromJsonAsync<JsonElement>();
        Assert.True(login.IsSuccessStatusCode, $"{body}");
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", body.GetProperty("access_token").GetString());
        return this;
    }

    /// <summary>How many rows a table has, a condition included: <c>users WHERE id = 7</c>.</summary>
    public async Task<long> CountAsync(string from)
    {
        await using var connection = await TestServer.OpenAsync(ConnectionString);
        return await connection.ScalarAsync<long>($"SELECT count(*) FROM {from}", TestContext.Current.CancellationToken);
    }

    private static async Task CreateAccountsAsync(Database database)
    {
        await ExpungeSchema.EnsureServerAsync(database);
        var accounts = new AccountStore(database);
        await accounts.CreateAsync("root", Password, isSuper: true);
        await accounts.CreateAsync("anna", Password, isSuper: false);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        // Or what the browser still asks for meets a server that is half gone.
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _database.DisposeAsync();
    }
}

/// <summary>One server with ZivoHealth for the tests of a class that leave it as it was, or change users of their own.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    internal RunningServer Server { get; private set; } = null!;

    /// <summary>The super admin's token is brought by <see cref="RunningServer.Client"/>.</summary>
    public async ValueTask InitializeAsync() => Server = await (await RunningServer.ZivoHealthAsync()).SignInAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

/// <summary>One server with ZivoHealth before migration 067, for the tests of a class that leave it as it was.</summary>
public sealed class ServerBeforeUpgrade : IAsyncLifetime
{
    internal RunningServer Server { get; private set; } = null!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => Server = await RunningServer.StartAsync(await TestServer.ZivoHealthAsync(), ZivoHealth.Deployment.Policy);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
