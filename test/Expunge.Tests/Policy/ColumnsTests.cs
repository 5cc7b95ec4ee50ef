using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Testing;
using Xunit;

namespace Expunge.Tests.Policy;

/// <summary><c>columns:</c> against a database.</summary>
public sealed class ColumnsTests
{
    private const string Users =
        """
        CREATE TABLE users (user_id int PRIMARY KEY, id int, email text, "E-Mail" varchar(9), label name, created_at timestamptz, born date NOT NULL, is_active boolean, is_tobe_deleted boolean,
            delete_date timestamp, gone boolean GENERATED ALWAYS AS (email IS NULL) STORED);
        """;

    [Theory]
    [InlineData("show: [emial]", "2:19: table 'users' has no column 'emial'; did you mean 'email'?")]
    [InlineData("show: [id]", "2:19: 'id' can't be shown: lists call the key so, and that is user_id")]
    [InlineData("show: [is_active]", "2:19: 'is_active' can't be shown: lists call a mark so; write 'is_active: is_active' if it is that")]
    [InlineData("show: [delete_date], is_active: is_active", "2:19: 'delete_date' can't be shown: lists call a mark so; write 'delete_date: delete_date' if it is that")]
    [InlineData("search: [email, created_at]", "2:28: 'users.created_at' can't be searched: it is timestamp with time zone, not text")]
    [InlineData("is_active: email", "2:23: 'email' can't be 'is_active': it is text, not boolean")]
    [InlineData("is_tobe_deleted: gone", "2:29: 'gone' can't be 'is_tobe_deleted': it is generated")]
    [InlineData("delete_date: is_active", "2:25: 'is_active' can't be 'delete_date': it is boolean, not date, timestamp or timestamptz")]
    [InlineData("delete_date: born", "2:25: 'born' can't be 'delete_date': it is NOT NULL, and unmarking sets it to NULL")]
    [InlineData("show: [user_id, email, E-Mail, label, is_active], search: [email, E-Mail, label], is_active: is_active, is_tobe_deleted: is_tobe_deleted, delete_date: created_at", null)]
    public async Task What_does_not_fit_the_root_is_said_with_its_place(string columns, string? expected)
    {
        var catalog = await CatalogAsync(Users);
        var policy = PolicyReader.Read($"root: users\ncolumns: {{ {columns} }}", "expunge.yaml");

        var e = (PolicyException?)Record.Exception(() => Decisions.Of(catalog, policy));

        Assert.Equal(expected, e?.Message["expunge.yaml:".Length..]);
    }

    [Theory]
    [InlineData(Users, "show: [email, created_at]\n  is_active: is_active\n  is_tobe_deleted: is_tobe_deleted\n  delete_date: delete_date\n")]
    [InlineData("CREATE TABLE users (id int PRIMARY KEY, created_at date, login text, secret text, is_active int, delete_date text)", "show: [login, created_at]\n")]
    [InlineData("CREATE TABLE users (id int PRIMARY KEY, is_tobe_deleted boolean)", "is_tobe_deleted: is_tobe_deleted\n")]
    [InlineData("CREATE TABLE users (id int PRIMARY KEY, secret text)", null)]
    public async Task Init_writes_the_columns_that_it_knows_by_name_and_type(string schema, string? expected)
    {
        var catalog = await CatalogAsync(schema);

        var draft = PolicyDraft.Write(catalog, catalog.Table(new QualifiedName("public", "users")), [], new Dictionary<Expunge.Graph.Reference, long?>());

        if (expected is null) Assert.DoesNotContain("columns:", draft, StringComparison.Ordinal);
        else Assert.Contains($"# review: lists in the dashboard and the API show these columns and search their texts; marking a subject for deletion sets the others.\ncolumns:\n  {expected}", draft, StringComparison.Ordinal);
        Assert.Empty(Decisions.Of(catalog, PolicyReader.Read(draft, null)).Undecided);
    }

    private static async Task<Expunge.Catalog.CatalogSnapshot> CatalogAsync(string schema)
    {
        await using var database = new TestDatabase(await TestServer.EmptyAsync());
        await database.ExecuteAsync(schema);
        return await database.CatalogAsync();
    }
}
