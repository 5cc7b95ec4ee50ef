using Expunge.Postgres;
using Expunge.Server.Accounts;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Cli.Tests;

public sealed class AdminTests
{
    private const string Password = "a long enough password";

    [Fact]
    public async Task The_password_comes_from_standard_input_and_is_shown_nowhere()
    {
        var database = await TestServer.EmptyAsync();

        var created = await AdminAsync(database, Password + "\n", "create", "Root", "--super");
        var listed = await AdminAsync(database, null, "list");

        Assert.True(created.ExitCode == 0, created.ToString());
        Assert.Contains("✅ Created super admin Root", created.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(Password, created.ToString(), StringComparison.Ordinal);
        Assert.Matches("(?m)^1 +Root +yes ", listed.Output);
    }

    [Theory]
    [InlineData("root", "", "EXP1401")]
    [InlineData("root", "short\n", "EXP1401")]
    [InlineData("root", "aaaaaaaaaaaaaaaa\n", "EXP1401")]
    [InlineData("ärzte", Password + "\n", "EXP1401")]
    [InlineData("root-of-all", "root-of-all-1\n", "EXP1401")]
    [InlineData("a name", Password + "\n", "EXP1401")]
    [InlineData("Worker", Password + "\n", "EXP1401")]
    [InlineData("'; DROP SCHEMA expunge CASCADE; --", Password + "\n", "EXP1401")]
    public async Task A_name_or_password_that_can_not_be_one_is_refused(string name, string input, string code)
    {
        var database = await TestServer.EmptyAsync();

        var result = await AdminAsync(database, input, "create", name);

        Assert.True(result.ExitCode == 2, result.ToString());
        Assert.Contains($"[{code}]", result.Error, StringComparison.Ordinal);
        Assert.Equal("There is no account.", (await AdminAsync(database, null, "list")).Output[..20]);
        await using var connection = await TestServer.OpenAsync(database);
        Assert.Null(await connection.ScalarAsync<string?>("SELECT to_regnamespace('expunge')::text", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task There_is_one_super_admin_and_one_account_of_a_name()
    {
        var database = await TestServer.EmptyAsync();
        await AdminAsync(database, Password, "create", "root", "--super");

        var second = await AdminAsync(database, Password, "create", "other", "--super");
        var same = await AdminAsync(database, Password, "create", "ROOT");

        Assert.True(second.ExitCode == 1 && second.Error.Contains("[EXP2301]", StringComparison.Ordinal), second.ToString());
        Assert.True(same.ExitCode == 1 && same.Error.Contains("[EXP2301]", StringComparison.Ordinal), same.ToString());
    }

    [Fact]
    public async Task A_forgotten_password_is_set_anew_and_an_unknown_account_is_refused()
    {
        var database = await TestServer.EmptyAsync();
        var before = await AdminAsync(database, Password, "password", "root");
        await AdminAsync(database, Password, "create", "root", "--super");

        var changed = await AdminAsync(database, "another long password", "password", "ROOT");

        Assert.True(before.ExitCode == 1 && before.Error.Contains("[EXP2302]", StringComparison.Ordinal), before.ToString());
        Assert.True(changed.ExitCode == 0, changed.ToString());
    }

    [Fact]
    public async Task A_byte_order_mark_is_no_part_of_the_password()
    {
        var database = await TestServer.EmptyAsync();
        await AdminAsync(database, "\uFEFF" + Password + "\r\n", "create", "root");
        await using var opened = new Database(new NpgsqlConnectionStringBuilder(database));

        Assert.NotNull(await new AccountStore(opened).SignInAsync("root", Password, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_role_that_may_not_look_into_the_schema_is_told_which_right_it_lacks()
    {
        var role = $"app_{Guid.NewGuid():N}"[..16];
        var database = await TestServer.EmptyAsync();
        await AdminAsync(database, Password, "create", "root");
        await TestServer.ExecuteAsync(database, $"CREATE ROLE {role} LOGIN PASSWORD 'secret'");

        var result = await AdminAsync(new NpgsqlConnectionStringBuilder(database) { Username = role, Password = "secret" }.ConnectionString, null, "list");

        Assert.True(result.ExitCode == 2 && result.Error.Contains("[EXP1301]", StringComparison.Ordinal), result.ToString());
        await TestServer.ExecuteAsync(database, $"DROP ROLE {role}");
    }

    private static Task<ExpungeProcess.Result> AdminAsync(string database, string? input, params string[] args) => ExpungeProcess.RunAsync(["admin", .. args, "--database", database], stdin: input);
}
