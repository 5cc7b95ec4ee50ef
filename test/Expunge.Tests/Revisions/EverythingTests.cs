using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Testing;
using Expunge.Verification;
using Xunit;

namespace Expunge.Tests.Revisions;

/// <summary>
/// What PostgreSQL allows a foreign key to be, one kind at a time: the upgrade makes it cascade and keeps the rest of its definition, the user can be deleted, and the downgrade restores it to the letter.
/// </summary>
public sealed class EverythingTests
{
    // A row of a table that refers to itself can be somebody's by its own column and by that of the row above it: both are named.
    private static readonly PolicyFile Policy = PolicyReader.Read("root: users\nreferences: { tree.u: cascade, tree.up: cascade }\ntables: { Sometimes: { optional: true, tables: [tree] } }\n", null);

    [Theory]
    [InlineData("CREATE TABLE child (id int PRIMARY KEY, tenant int, u int, FOREIGN KEY (tenant, u) REFERENCES users (tenant, id));INSERT INTO child VALUES (1, 1, 1)", "FOREIGN KEY (tenant, u) REFERENCES public.users(tenant, id) ON DELETE CASCADE")]
    [InlineData("CREATE SCHEMA \"Other One\"; CREATE TABLE \"Other One\".child (\"the User\" int REFERENCES users); INSERT INTO \"Other One\".child VALUES (1)", "FOREIGN KEY (\"the User\") REFERENCES public.users(id) ON DELETE CASCADE")]
    [InlineData("CREATE TABLE child (mail text REFERENCES users (email)); INSERT INTO child VALUES ('u1')", "FOREIGN KEY (mail) REFERENCES public.users(email) ON DELETE CASCADE")]
    [InlineData("CREATE TABLE tree (id int PRIMARY KEY, up int REFERENCES tree, u int REFERENCES users); INSERT INTO tree VALUES (1, NULL, 1), (2, 1, NULL)", "FOREIGN KEY (up) REFERENCES public.tree(id) ON DELETE CASCADE")]
    [InlineData("CREATE TABLE child (u int REFERENCES users DEFERRABLE); INSERT INTO child VALUES (1)", "REFERENCES public.users(id) ON DELETE CASCADE DEFERRABLE ")]
    [InlineData("CREATE TABLE child (u int REFERENCES users DEFERRABLE INITIALLY DEFERRED); INSERT INTO child VALUES (1)", "ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED")]
    [InlineData("CREATE TABLE child (tenant int, u int, FOREIGN KEY (tenant, u) REFERENCES users (tenant, id) MATCH FULL); INSERT INTO child VALUES (1, 1)", "MATCH FULL ON DELETE CASCADE")]
    [InlineData("CREATE TABLE child (u int REFERENCES users ON UPDATE CASCADE ON DELETE RESTRICT); INSERT INTO child VALUES (1)", "ON UPDATE CASCADE ON DELETE CASCADE")]
    [InlineData("CREATE TABLE child (u int, CONSTRAINT fk FOREIGN KEY (u) REFERENCES users, CONSTRAINT again FOREIGN KEY (u) REFERENCES users ON DELETE RESTRICT); INSERT INTO child VALUES (1)", "FOREIGN KEY (u) REFERENCES public.users(id) ON DELETE CASCADE")]
    [InlineData("CREATE TABLE child (u int); ALTER TABLE child ADD FOREIGN KEY (u) REFERENCES users NOT VALID; INSERT INTO child VALUES (1)", "ON DELETE CASCADE validated=t")]
    [InlineData("CREATE TABLE child (u int REFERENCES users); COMMENT ON CONSTRAINT child_u_fkey ON child IS 'it''s \\ mine'; INSERT INTO child VALUES (1)", "comment=it's \\ mine")]
    [InlineData("CREATE TABLE aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff123 (a23456789012345678901234567890123456789012345678901234567890123 int CONSTRAINT c23456789012345678901234567890123456789012345678901234567890123 REFERENCES users); INSERT INTO aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff123 VALUES (1)", "c23456789012345678901234567890123456789012345678901234567890123: FOREIGN KEY")]
    [InlineData("CREATE TABLE child (id int, u int REFERENCES users) PARTITION BY RANGE (id); CREATE TABLE child_1 PARTITION OF child FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (id); CREATE TABLE child_1_1 PARTITION OF child_1 FOR VALUES FROM (0) TO (5); INSERT INTO child VALUES (1, 1)", "public.child constraint child_u_fkey: FOREIGN KEY (u) REFERENCES public.users(id) ON DELETE CASCADE")]
    [InlineData("CREATE TABLE child (u int REFERENCES users); ALTER TABLE child DISABLE TRIGGER ALL; INSERT INTO child VALUES (1)", "ON DELETE CASCADE validated=t triggers=OOOO")]
    [InlineData("CREATE TABLE child (u int REFERENCES users); ALTER TABLE users DISABLE TRIGGER ALL; INSERT INTO child VALUES (1)", "ON DELETE CASCADE validated=t triggers=OOOO")]
    public async Task A_foreign_key_of_any_kind_is_fixed_lets_the_user_go_and_comes_back_as_it_was(string schema, string expected)
    {
        await using var database = await DatabaseAsync(schema);
        var before = await database.CatalogTextAsync();

        var outcome = await database.UpgradeAsync(Policy);
        var after = await database.CatalogTextAsync();
        var report = await database.VerifyAsync(Policy);
        var again = await database.UpgradeAsync(Policy);
        await database.DowngradeAsync();

        Assert.True(outcome.Succeeded, string.Join('\n', outcome.Results.Select(r => r.Failure?.Message)));
        Assert.Contains(expected, after, StringComparison.Ordinal);
        Assert.True(report.Ok, string.Join('\n', report.Findings));
        Assert.Empty(again.Results);
        await database.CatalogIsAsync(before);
        await database.UpgradeAsync(Policy);
        Assert.Equal(["1"], (await database.DeleteAsync(Policy, "1")).Deleted);
        Assert.True((await database.CountAsync()).All(t => t.Key.Name == "users" ? t.Value == 1 : t.Value == 0));
    }

    [Fact]
    public async Task Set_null_of_some_columns_is_kept_and_restored()
    {
        await using var database = await DatabaseAsync("CREATE TABLE child (id int PRIMARY KEY, tenant int NOT NULL, u int, FOREIGN KEY (tenant, u) REFERENCES users (tenant, id) ON DELETE SET NULL (u)); INSERT INTO child VALUES (1, 1, 1)");
        var policy = PolicyReader.Read("root: users\nreferences:\n  child.(tenant, u): cascade\n", null);
        var before = await database.CatalogTextAsync();

        await database.UpgradeAsync(Policy);
        Assert.Contains("ON DELETE SET NULL (u)", await database.CatalogTextAsync(), StringComparison.Ordinal);
        await database.UpgradeAsync(policy with { Revision = "002" });
        Assert.Contains("(tenant, id) ON DELETE CASCADE", await database.CatalogTextAsync(), StringComparison.Ordinal);
        await database.DowngradeAsync();
        await database.DowngradeAsync();

        await database.CatalogIsAsync(before);
    }

    [Fact]
    public async Task What_is_not_enforced_is_enforced_and_a_downgrade_takes_that_back()
    {
        Assert.SkipUnless(await TestServer.MajorVersionAsync() >= 18, "NOT ENFORCED foreign keys exist from PostgreSQL 18; CI runs it there.");
        await using var database = await DatabaseAsync("CREATE TABLE child (u int REFERENCES users NOT ENFORCED); INSERT INTO child VALUES (1)");
        var before = await database.CatalogTextAsync();

        Assert.True((await database.UpgradeAsync(Policy)).Succeeded);
        Assert.Contains("ON DELETE CASCADE validated=t", await database.CatalogTextAsync(), StringComparison.Ordinal);
        await database.DowngradeAsync();

        await database.CatalogIsAsync(before);
    }

    [Fact]
    public async Task A_temporal_key_is_named_with_the_reason_and_the_others_are_fixed()
    {
        Assert.SkipUnless(await TestServer.MajorVersionAsync() >= 18, "PERIOD foreign keys exist from PostgreSQL 18; CI runs it there.");
        await using var database = await DatabaseAsync(
            """
            CREATE EXTENSION btree_gist;
            CREATE TABLE stay (u int REFERENCES users, during daterange, PRIMARY KEY (u, during WITHOUT OVERLAPS));
            CREATE TABLE meal (u int, during daterange, FOREIGN KEY (u, PERIOD during) REFERENCES stay (u, PERIOD during));
            """);

        var outcome = await database.UpgradeAsync(Policy);

        Assert.False(outcome.Succeeded);
        Assert.Contains("PERIOD", Assert.Single(outcome.Plan.Problems).Reason, StringComparison.Ordinal);
        Assert.Contains("public.stay constraint stay_u_fkey: FOREIGN KEY (u) REFERENCES public.users(id) ON DELETE CASCADE", await database.CatalogTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_partitioned_root_is_a_root_like_any_other()
    {
        await using var database = new TestDatabase(await TestServer.EmptyAsync());
        await database.ExecuteAsync(
            """
            CREATE TABLE users (id int PRIMARY KEY) PARTITION BY RANGE (id);
            CREATE TABLE users_1 PARTITION OF users FOR VALUES FROM (0) TO (10);
            CREATE TABLE users_2 PARTITION OF users FOR VALUES FROM (10) TO (20);
            CREATE TABLE posts (id int PRIMARY KEY, u int REFERENCES users);
            INSERT INTO users VALUES (1), (11); INSERT INTO posts VALUES (1, 1), (2, 11);
            """);
        var before = await database.CatalogTextAsync();

        Assert.True((await database.UpgradeAsync(Policy)).Succeeded);
        Assert.Equal(["11"], (await database.DeleteAsync(Policy, "11")).Deleted);
        Assert.Equal(1, await database.ScalarAsync<long>("SELECT count(*) FROM posts"));
        await database.DowngradeAsync();
        await database.CatalogIsAsync(before);
    }

    [Fact]
    public async Task Rows_of_an_inheritance_child_are_a_warning_and_keep_the_deletion_from_committing()
    {
        await using var database = await DatabaseAsync("CREATE TABLE child (u int REFERENCES users); CREATE TABLE grandchild () INHERITS (child); INSERT INTO grandchild VALUES (1)");
        await database.UpgradeAsync(Policy);

        Assert.Contains((await database.VerifyAsync(Policy)).Findings, f => f.Code == FindingCodes.Suppressor && f.Message.Contains("inheritance", StringComparison.Ordinal));
        Assert.Equal(ErrorCodes.Residue, (await Assert.ThrowsAsync<ExpungeException>(() => Deleter.DeleteAsync(database.Database, Policy, ["1"]))).Code);
        Assert.Equal(2, await database.ScalarAsync<long>("SELECT count(*) FROM users"));
    }

    [Theory]
    [InlineData("CREATE TABLE child (u int REFERENCES users); CREATE PUBLICATION p FOR TABLE child", true)]
    [InlineData("CREATE TABLE child (id int PRIMARY KEY, u int REFERENCES users); CREATE PUBLICATION p FOR TABLE child", false)]
    [InlineData("CREATE TABLE child (u int REFERENCES users); ALTER TABLE child REPLICA IDENTITY FULL; CREATE PUBLICATION p FOR TABLE child", false)]
    [InlineData("CREATE TABLE child (u int REFERENCES users); CREATE PUBLICATION p FOR TABLE child WITH (publish = 'insert')", false)]
    [InlineData("CREATE TABLE child (id int, u int REFERENCES users) PARTITION BY RANGE (id); CREATE TABLE child_1 PARTITION OF child FOR VALUES FROM (0) TO (10); CREATE PUBLICATION p FOR TABLE child", true)]
    public async Task A_published_table_whose_rows_can_not_be_named_is_a_finding(string schema, bool found)
    {
        await using var database = await DatabaseAsync(schema);

        var findings = (await database.VerifyAsync(Policy)).Findings.Where(f => f.Code == FindingCodes.NoReplicaIdentity).ToList();

        Assert.Equal(found, findings.Count == 1);
    }

    private static async Task<TestDatabase> DatabaseAsync(string schema)
    {
        var database = new TestDatabase(await TestServer.EmptyAsync());
        await database.ExecuteAsync($"CREATE TABLE users (id int PRIMARY KEY, tenant int NOT NULL DEFAULT 1, email text UNIQUE, UNIQUE (tenant, id)); INSERT INTO users VALUES (1, 1, 'u1'), (2, 1, 'u2'); {schema}");
        return database;
    }
}
