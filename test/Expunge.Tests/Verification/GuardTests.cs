using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Testing;
using Expunge.Tests.Revisions;
using Expunge.Verification;
using Npgsql;
using Xunit;

namespace Expunge.Tests.Verification;

public sealed class GuardTests
{
    [Fact]
    public async Task A_table_with_a_NO_ACTION_key_is_caught_by_trigger_check_and_verify_and_what_each_says_mends_it()
    {
        const string Table = "CREATE TABLE notes (id serial PRIMARY KEY, user_id integer NOT NULL CONSTRAINT \"of user\" REFERENCES users)";
        await using var database = await UpgradedAsync();
        await Guard.InstallAsync(database.Database, Blog.Policy, GuardMode.Enforce, TestContext.Current.CancellationToken);

        var refused = await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsync(Table));
        Assert.Equal(("EXP25", 0L), (refused.SqlState, await database.ScalarAsync<long>("SELECT count(*) FROM pg_class WHERE relname = 'notes'")));
        Assert.Contains("notes.(user_id)", refused.MessageText, StringComparison.Ordinal);
        var declaration = refused.Hint!.Split("Declare it so:  ")[1].Split("  Or decide")[0];
        await database.ExecuteAsync($"{Table.Replace(" CONSTRAINT \"of user\" REFERENCES users", "", StringComparison.Ordinal)[..^1]}, {declaration})");
        Assert.True((await database.VerifyAsync(Blog.Policy)).Ok);
        await database.ExecuteAsync("DROP TABLE notes");

        await Guard.InstallAsync(database.Database, Blog.Policy, GuardMode.Warn, TestContext.Current.CancellationToken);
        var warning = Assert.Single(await WarningsAsync(database, Table));
        Assert.False((await database.VerifyAsync(Blog.Policy)).Ok);
        await database.ExecuteAsync(warning.Hint!.Split(";  Or")[0]);
        Assert.True((await database.VerifyAsync(Blog.Policy)).Ok);

        await database.ExecuteAsync($"DROP TABLE notes; {Table}");
        var finding = Assert.Single((await database.VerifyAsync(Blog.Policy)).Findings, f => f.Severity == FindingSeverity.Error);
        Assert.Equal((FindingCodes.NotAsPolicy, "notes.user_id"), (finding.Code, finding.Object));
        await database.ExecuteAsync(finding.Repair[finding.Repair.IndexOf("ALTER TABLE", StringComparison.Ordinal)..]);
        Assert.True((await database.VerifyAsync(Blog.Policy)).Ok);
    }

    [Fact]
    public async Task A_table_that_hangs_from_a_soft_reference_is_held_against_the_policy_too()
    {
        await using var database = await VerifyDatabase.CreateAsync("CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE events (id int PRIMARY KEY, user_id int)");
        await Guard.InstallAsync(database.Database, VerifyDatabase.Policy("soft_references:\n  events.user_id: delete\n"), GuardMode.Enforce, TestContext.Current.CancellationToken);

        var refused = await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsync("CREATE TABLE details (event_id int REFERENCES events)"));
        Assert.Contains("details.(event_id) refers to what is deleted with a row of public.users", refused.MessageText, StringComparison.Ordinal);
        await database.ExecuteAsync("CREATE TABLE details (event_id int REFERENCES events ON DELETE CASCADE); ALTER TABLE events ADD FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE");
        refused = await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsync("ALTER TABLE events ADD owner int REFERENCES users ON DELETE CASCADE"));
        Assert.Contains("events.(owner) is a second way", refused.MessageText, StringComparison.Ordinal);
    }

    /// <summary>What is done after the guard was installed, and the words of what it says; none where it is silent.</summary>
    public static TheoryData<string, string?> Commands => new()
    {
        { "CREATE TABLE t (user_id integer REFERENCES users ON DELETE CASCADE)", null },
        { "CREATE TABLE t (user_id integer REFERENCES users ON DELETE SET NULL)", null },
        { "CREATE TABLE t (user_id integer NOT NULL REFERENCES users ON DELETE SET NULL)", "t.(user_id) refers to what is deleted with a row of public.users, and is ON DELETE SET NULL: the policy wants CASCADE" },
        { "CREATE TABLE t (user_id integer REFERENCES users ON DELETE RESTRICT)", "ON DELETE RESTRICT: the policy wants CASCADE" },
        { "CREATE TABLE t (a integer REFERENCES users ON DELETE CASCADE, b integer REFERENCES users ON DELETE CASCADE)", "t.(a) is a second way" },
        { "CREATE TABLE t (post integer REFERENCES posts)", "t.(post)" },
        { "CREATE TABLE t (comment integer REFERENCES comments) PARTITION BY HASH (comment)", "t.(comment)" },
        { "ALTER TABLE posts ADD editor integer REFERENCES users", "posts.(editor)" },
        { "ALTER TABLE posts ADD title text; CREATE INDEX ON posts (title); ALTER TABLE likes RENAME TO loves", null },
        { "CREATE TABLE a (id integer PRIMARY KEY); CREATE TABLE b (a integer REFERENCES a)", null },
        { "CREATE SCHEMA s CREATE TABLE t (user_id integer REFERENCES public.users)", "s.t.(user_id)" },
        { "BEGIN; SAVEPOINT s; CREATE TABLE t (user_id integer REFERENCES users); RELEASE s; COMMIT", "t.(user_id)" },
        { "CREATE TEMP TABLE u (id integer PRIMARY KEY); CREATE TEMP TABLE t (u integer REFERENCES u)", null },
        { "BEGIN; SET LOCAL expunge.guard = 'off'; CREATE TABLE t (user_id integer REFERENCES users); COMMIT", null },
        { "CREATE TABLE invoices (user_id integer REFERENCES users)", null },
        { "CREATE TABLE invoices (user_id integer REFERENCES users ON DELETE CASCADE)", "wants NO ACTION" },
        { "ALTER TABLE posts DROP CONSTRAINT posts_user_id_fkey, ADD FOREIGN KEY (user_id) REFERENCES users ON UPDATE CASCADE DEFERRABLE NOT VALID", "posts.(user_id)" },
        { "CREATE TABLE c (id integer PRIMARY KEY, x integer); CREATE TABLE d (c integer REFERENCES c); ALTER TABLE c ADD FOREIGN KEY (x) REFERENCES users ON DELETE CASCADE", "d.(c)" },
    };

    [Theory, MemberData(nameof(Commands))]
    public async Task It_judges_what_is_made_or_changed_and_nothing_else(string sql, string? says)
    {
        await using var database = await UpgradedAsync("CREATE TABLE invoices_old (user_id integer REFERENCES users);", "root: users\nreferences: { invoices_old.user_id: { action: retain, reason: tax }, invoices.user_id: { action: retain, reason: tax } }");
        await using (var connection = await TestServer.OpenAsync(database.ConnectionString))
        {
            // The policy may name what is yet to come only as long as it exists when the policy is read.
            await connection.ExecuteAsync("CREATE TABLE invoices (user_id integer REFERENCES users)", TestContext.Current.CancellationToken);
            await Guard.InstallAsync(database.Database, Policy, GuardMode.Warn, TestContext.Current.CancellationToken);
            await connection.ExecuteAsync("DROP TABLE invoices", TestContext.Current.CancellationToken);
        }

        var warnings = await WarningsAsync(database, sql);

        if (says is null) Assert.Empty(warnings.Select(w => w.MessageText));
        else Assert.Contains(warnings, w => w.MessageText.StartsWith("EXP2501 ", StringComparison.Ordinal) && w.MessageText.Contains(says, StringComparison.Ordinal));
        if (says is not null && warnings.Find(w => w.Hint!.StartsWith("ALTER TABLE", StringComparison.Ordinal)) is { } first)
        {
            await database.ExecuteAsync(first.Hint!.Split(";  Or")[0]);
        }
    }

    [Fact]
    public async Task What_a_new_reference_brings_into_the_reach_is_warned_of_but_does_not_stop_the_command()
    {
        await using var database = await UpgradedAsync("CREATE TABLE c (id integer PRIMARY KEY, x integer); CREATE TABLE d (c integer REFERENCES c);");
        await Guard.InstallAsync(database.Database, Blog.Policy, GuardMode.Enforce, TestContext.Current.CancellationToken);

        var warnings = await WarningsAsync(database, "ALTER TABLE c ADD FOREIGN KEY (x) REFERENCES users ON DELETE CASCADE");

        Assert.Contains("d.(c)", Assert.Single(warnings).MessageText, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SELECT pg_current_xact_id()")]
    [InlineData("SAVEPOINT s; CREATE TABLE before (); RELEASE s; SAVEPOINT s2; ALTER TABLE before ADD x integer")]
    public async Task What_others_commit_in_the_middle_of_the_transaction_does_not_hide_it(string first)
    {
        await using var database = await UpgradedAsync();
        await Guard.InstallAsync(database.Database, Blog.Policy, GuardMode.Enforce, TestContext.Current.CancellationToken);
        await using var connection = await TestServer.OpenAsync(database.ConnectionString);
        await connection.ExecuteAsync($"BEGIN; {first}", TestContext.Current.CancellationToken);
        // From now on there are finished transactions that are younger.
        await database.ExecuteAsync("CREATE TABLE later ()");

        Assert.Equal("EXP25", (await Assert.ThrowsAsync<PostgresException>(() => connection.ExecuteAsync("CREATE TABLE t (user_id integer REFERENCES users)", TestContext.Current.CancellationToken))).SqlState);
    }

    [Fact]
    public async Task Each_command_of_a_transaction_is_judged_for_its_own_tables()
    {
        await using var database = await UpgradedAsync();
        await Guard.InstallAsync(database.Database, Blog.Policy, GuardMode.Warn, TestContext.Current.CancellationToken);

        var warnings = await WarningsAsync(database, "BEGIN; CREATE TABLE a (user_id integer REFERENCES users); CREATE TABLE b (user_id integer REFERENCES users); ALTER TABLE b ADD x integer; COMMIT; ALTER TABLE a ADD x integer");

        Assert.Equal(["a", "b", "b"], warnings.Select(w => w.MessageText["EXP2501 public.".Length..][..1]));
    }

    [Fact]
    public async Task Revisions_of_Expunge_pass_and_the_catalog_is_theirs_afterwards()
    {
        await using var database = await UpgradedAsync();
        await Guard.InstallAsync(database.Database, Blog.Policy, GuardMode.Enforce, TestContext.Current.CancellationToken);

        Assert.True((await database.DowngradeAsync()).Succeeded);
        Assert.True((await database.UpgradeAsync(Blog.Policy)).Succeeded);
    }

    [Fact]
    public async Task It_is_replaced_and_removed()
    {
        await using var database = await UpgradedAsync();
        await Guard.InstallAsync(database.Database, Blog.Policy, GuardMode.Enforce, TestContext.Current.CancellationToken);
        await Guard.InstallAsync(database.Database, Blog.Policy, GuardMode.Enforce, TestContext.Current.CancellationToken);

        Assert.True(await Guard.RemoveAsync(database.Database, TestContext.Current.CancellationToken));
        Assert.False(await Guard.RemoveAsync(database.Database, TestContext.Current.CancellationToken));
        await database.ExecuteAsync("CREATE TABLE t (user_id integer REFERENCES users)");
    }

    [Fact]
    public async Task Who_may_not_install_it_is_told_who_may_and_what_to_run()
    {
        await using var database = await UpgradedAsync();
        await database.ExecuteAsync($"""DO $$ BEGIN CREATE ROLE guard_owner LOGIN PASSWORD 'x'; EXCEPTION WHEN duplicate_object THEN NULL; END $$; ALTER SCHEMA expunge OWNER TO guard_owner; GRANT CREATE ON DATABASE "{new NpgsqlConnectionStringBuilder(database.ConnectionString).Database}" TO guard_owner""");
        await using var owner = new Database(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = "guard_owner", Password = "x" });

        var refused = await Assert.ThrowsAsync<ExpungeException>(() => Guard.InstallAsync(owner, Blog.Policy, GuardMode.Warn, TestContext.Current.CancellationToken));

        Assert.Equal(ErrorCodes.MissingRight, refused.Code);
        Assert.Contains("guard install --sql", refused.NextStep, StringComparison.Ordinal);
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM pg_proc WHERE proname = 'guard'"));
        // What it prints does it.
        await database.ExecuteAsync(Guard.Script(Decisions.Of(await database.CatalogAsync(), Blog.Policy), GuardMode.Enforce));
        Assert.Equal("EXP25", (await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsync("CREATE TABLE t (user_id integer REFERENCES users)"))).SqlState);
    }

    [Fact]
    public async Task A_role_that_has_no_right_on_anything_of_ours_is_judged_as_well()
    {
        await using var database = await UpgradedAsync();
        await Guard.InstallAsync(database.Database, Blog.Policy, GuardMode.Enforce, TestContext.Current.CancellationToken);
        await database.ExecuteAsync("DO $$ BEGIN CREATE ROLE guard_dev LOGIN PASSWORD 'x'; EXCEPTION WHEN duplicate_object THEN NULL; END $$; GRANT CREATE ON SCHEMA public TO guard_dev; GRANT REFERENCES ON users TO guard_dev");
        var dev = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = "guard_dev", Password = "x" }.ConnectionString;

        Assert.Equal("EXP25", (await Assert.ThrowsAsync<PostgresException>(() => TestServer.ExecuteAsync(dev, "CREATE TABLE t (user_id integer REFERENCES users)"))).SqlState);
        await TestServer.ExecuteAsync(dev, "CREATE TABLE t (user_id integer REFERENCES users ON DELETE CASCADE)");
    }

    private PolicyFile Policy { get; set; } = Blog.Policy;

    private async Task<TestDatabase> UpgradedAsync(string more = "", string? policy = null)
    {
        var database = await Blog.CreateAsync(more);
        if (policy is not null)
        {
            await database.ExecuteAsync("CREATE TABLE invoices (user_id integer REFERENCES users)");
            Policy = PolicyReader.Read(policy, null);
        }

        Assert.True((await database.UpgradeAsync(Policy)).Succeeded);
        if (policy is not null) await database.ExecuteAsync("DROP TABLE invoices");
        return database;
    }

    private static async Task<List<PostgresNotice>> WarningsAsync(TestDatabase database, string sql)
    {
        var warnings = new List<PostgresNotice>();
        await using var connection = await TestServer.OpenAsync(database.ConnectionString);
        connection.Notice += (_, e) => { if (e.Notice.InvariantSeverity == "WARNING") warnings.Add(e.Notice); };
        await connection.ExecuteAsync(sql, TestContext.Current.CancellationToken);
        return warnings;
    }
}
