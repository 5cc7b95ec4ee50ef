using Expunge.Testing;
using Npgsql;

namespace Expunge.Cli.Tests;

/// <summary>A database of three tables in a folder with its policy file, for what needs no more.</summary>
internal sealed class BlogDatabase : IDisposable
{
    private BlogDatabase(string connectionString, PolicyFileOnDisk policy) => (ConnectionString, Policy) = (connectionString, policy);

    public string ConnectionString { get; }

    public PolicyFileOnDisk Policy { get; }

    public static async Task<BlogDatabase> CreateAsync(string policy = "root: users\n") => new(
        await TestServer.CopyAsync("blog", async connection =>
        {
            await using var command = new NpgsqlCommand(
                """
                CREATE TABLE users (id integer PRIMARY KEY, name text);
                CREATE TABLE posts (id integer PRIMARY KEY, user_id integer NOT NULL REFERENCES users);
                CREATE TABLE likes (user_id integer REFERENCES users, post text);
                INSERT INTO users VALUES (1, 'one'), (2, 'two');
                INSERT INTO posts VALUES (11, 1), (12, 1), (21, 2);
                INSERT INTO likes VALUES (1, 'x');
                """,
                connection);
            await command.ExecuteNonQueryAsync();
        }),
        new PolicyFileOnDisk(policy));

    /// <summary>Runs a command in the policy's folder.</summary>
    public Task<ExpungeProcess.Result> RunAsync(params string[] args) => ExpungeProcess.RunAsync([.. args, "--database", ConnectionString], directory: Policy.Folder);

    /// <summary>Everything that a refused command must leave alone.</summary>
    public async Task<string> StateAsync()
    {
        await using var connection = await TestServer.OpenAsync(ConnectionString);
        await using var command = new NpgsqlCommand(
            "SELECT concat_ws(' ', to_regnamespace('expunge'), (SELECT count(*) FROM users), (SELECT count(*) FROM posts), (SELECT count(*) FROM likes))", connection);
        return $"{await command.ExecuteScalarAsync()}\n{await CatalogText.ReadAsync(ConnectionString)}";
    }

    public void Dispose() => Policy.Dispose();
}
