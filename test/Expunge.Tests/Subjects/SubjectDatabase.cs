using System.Collections.Immutable;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Subjects;
using Expunge.Testing;
using Npgsql;

namespace Expunge.Tests.Subjects;

/// <summary>A database with a root, worked on as a server would: by a pool.</summary>
internal sealed class SubjectDatabase(TestDatabase test, Database database, SubjectTable table) : IAsyncDisposable
{
    public Database Database => database;

    public SubjectTable Table => table;

    public static async Task<SubjectDatabase> CreateAsync(string schema, string columns, string root = "users")
    {
        var test = new TestDatabase(await TestServer.EmptyAsync());
        await test.ExecuteAsync(schema);
        var database = new Database(new NpgsqlConnectionStringBuilder(test.ConnectionString), pooling: true);
        return new(test, database, await SubjectTable.ReadAsync(database, PolicyReader.Read($"root: {root}\ncolumns: {columns}", null)));
    }

    public Task<ImmutableArray<Subject>> ReadAsync(SubjectQuery query) => SubjectList.ReadAsync(database, table, query);

    public async Task<string[]> KeysAsync(SubjectQuery query) => [.. (await ReadAsync(query)).Select(s => s.Key)];

    public Task<long> CountAsync(SubjectQuery query) => SubjectList.CountAsync(database, table, query);

    public Task ExecuteAsync(string sql) => test.ExecuteAsync(sql);

    public Task<T> ScalarAsync<T>(string sql) => test.ScalarAsync<T>(sql);

    public async ValueTask DisposeAsync()
    {
        await database.DisposeAsync();
        await test.DisposeAsync();
    }
}
