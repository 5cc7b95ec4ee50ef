using Npgsql;
using Xunit;

namespace Expunge.Cli.Tests;

/// <summary>Each wrong input: the exit code, what is wrong, what to do next, and nothing changed.</summary>
public sealed class BadInputTests
{
    [Theory]
    [InlineData("Port", "1", "No answer from", "Check host and port")]
    [InlineData("Host", "no-such-host.invalid", "No answer from", "Check host and port")]
    [InlineData("Password", "wrong", "refused the login", "Check the user and the password")]
    [InlineData("Database", "no_such_database", "no such database", "Check the database's name")]
    public async Task A_server_that_can_not_be_had_is_exit_code_2(string setting, string value, string message, string next)
    {
        using var blog = await BlogDatabase.CreateAsync();
        var settings = new NpgsqlConnectionStringBuilder(blog.ConnectionString) { [setting] = value };

        var result = await ExpungeProcess.RunAsync(["upgrade", "--yes", "--database", settings.ConnectionString], directory: blog.Policy.Folder);

        Assert.True(result.ExitCode == 2, result.ToString());
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.Contains(next, result.Error, StringComparison.Ordinal);
        Assert.Contains("[EXP1002]", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(settings.Password!, result.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_password_in_the_message_of_a_bad_connection_string_stays_secret()
    {
        var result = await ExpungeProcess.RunAsync(["current", "--database", "postgresql://app:s3cret@localhost:notaport/app"]);

        Assert.True(result.ExitCode == 2, result.ToString());
        Assert.Contains("[EXP1007]", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", result.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("root: user\n", "expunge.yaml", "did you mean 'public.users'?", "EXP1103")]
    [InlineData("root: users\nreferences:\n  post.user_id: cascade\n", "expunge.yaml:3:3: ", "did you mean 'posts'?", "EXP1101")]
    [InlineData("root: users\nreferences:\n  posts.userid: cascade\n", "expunge.yaml:3:3: ", "did you mean 'user_id'?", "EXP1101")]
    [InlineData("root: users\nreferences:\n  posts.user_id: set null\n", "expunge.yaml:3:3: ", "NOT NULL", "EXP1101")]
    [InlineData("root: users\nreferences:\n  posts.user_id: cascad\n", "expunge.yaml:3:18: ", "did you mean 'cascade'?", "EXP1101")]
    [InlineData("root: users\nsoft_references:\n  likes.userid: delete\n", "expunge.yaml:3:3: ", "did you mean 'user_id'?", "EXP1101")]
    public async Task A_policy_that_can_not_be_meant_is_refused_at_its_place_with_the_nearest_name(string policy, string place, string hint, string code)
    {
        using var blog = await BlogDatabase.CreateAsync(policy);
        var before = await blog.StateAsync();

        var result = await blog.RunAsync("upgrade", "--yes");

        Assert.True(result.ExitCode == 2, result.ToString());
        Assert.Contains(place, result.Error, StringComparison.Ordinal);
        Assert.Contains(hint, result.Error, StringComparison.Ordinal);
        Assert.Contains($"[{code}]", result.Error, StringComparison.Ordinal);
        Assert.Equal(before, await blog.StateAsync());
    }

    [Fact]
    public async Task Without_a_policy_file_the_way_to_one_is_said()
    {
        using var blog = await BlogDatabase.CreateAsync();
        File.Delete(blog.Policy.Path);

        var result = await blog.RunAsync("plan");

        Assert.True(result.ExitCode == 2, result.ToString());
        Assert.Contains("expunge.yaml", result.Error, StringComparison.Ordinal);
        Assert.Contains("expunge init", result.Error, StringComparison.Ordinal);
        Assert.Contains("[EXP1102]", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("upgrade")]
    [InlineData("downgrade")]
    [InlineData("delete", "1")]
    public async Task Without_a_terminal_and_without_yes_nothing_is_changed(params string[] command)
    {
        using var blog = await BlogDatabase.CreateAsync();
        if (command[0] != "upgrade") Assert.Equal(0, (await blog.RunAsync("upgrade", "--yes")).ExitCode);
        var before = await blog.StateAsync();

        var result = await blog.RunAsync(command);

        Assert.True(result.ExitCode == 2, result.ToString());
        Assert.Contains("--yes", result.Error, StringComparison.Ordinal);
        Assert.Contains("[EXP1105]", result.Error, StringComparison.Ordinal);
        Assert.Equal(before, await blog.StateAsync());
    }

    [Fact]
    public async Task Ids_that_are_none_or_nobody_s_are_reported_and_the_others_deleted()
    {
        using var blog = await BlogDatabase.CreateAsync();
        Assert.Equal(0, (await blog.RunAsync("upgrade", "--yes")).ExitCode);
        var before = await blog.StateAsync();

        var bad = await blog.RunAsync("delete", "1", "abc", "--yes");
        Assert.True(bad.ExitCode == 2, bad.ToString());
        Assert.Contains("'abc' is no key of public.users: the key is integer", bad.Error, StringComparison.Ordinal);
        Assert.Equal(before, await blog.StateAsync());

        var nobody = await blog.RunAsync("delete", "4711", "--yes");
        Assert.True(nobody.ExitCode == 1, nobody.ToString());
        Assert.Contains("user 4711 not found", nobody.Output, StringComparison.Ordinal);
        Assert.Equal(before, await blog.StateAsync());

        var one = await blog.RunAsync("delete", "4711", "1", "--yes");
        Assert.True(one.ExitCode == 1, one.ToString());
        Assert.Contains("user 4711 not found", one.Output, StringComparison.Ordinal);
        Assert.Contains("Permanently deleted 1 user(s)", one.Output, StringComparison.Ordinal);
        Assert.NotEqual(before, await blog.StateAsync());
    }

    [Fact]
    public async Task Init_overwrites_nothing_and_asks_for_the_root()
    {
        using var blog = await BlogDatabase.CreateAsync();

        var exists = await blog.RunAsync("init", "--root", "users");
        Assert.True(exists.ExitCode == 2, exists.ToString());
        Assert.Contains("--force", exists.Error, StringComparison.Ordinal);
        Assert.Equal("root: users\n", await File.ReadAllTextAsync(blog.Policy.Path));

        var rootless = await blog.RunAsync("init", "--force");
        Assert.True(rootless.ExitCode == 2, rootless.ToString());
        Assert.Contains("public.users (2 references)", rootless.Error, StringComparison.Ordinal);
        Assert.Equal("root: users\n", await File.ReadAllTextAsync(blog.Policy.Path));
    }
}
