using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Revisions;
using Xunit;

namespace Expunge.Tests.Revisions;

/// <summary>What upgrade and downgrade refuse, and that nothing has changed then.</summary>
public sealed class RefusalTests
{
    [Fact]
    public async Task A_policy_that_changed_under_the_applied_revision_is_refused_until_it_has_a_new_id()
    {
        await using var database = await Blog.CreateAsync();
        await database.UpgradeAsync(Blog.Policy);
        var before = await database.CatalogTextAsync();
        var changed = PolicyReader.Read("root: users\nrevision: '001'\nreferences: { likes.user_id: set null }", "expunge.yaml");

        var refused = await Assert.ThrowsAsync<ExpungeException>(() => database.UpgradeAsync(changed));
        Assert.Equal(ErrorCodes.PolicyChanged, refused.Code);
        await database.CatalogIsAsync(before);

        var next = await database.UpgradeAsync(changed with { Revision = "002" });
        Assert.Equal(RevisionState.Applied, next.State);
        Assert.Equal("SET NULL", (await database.VerifyAsync(changed)).Lines.Single(l => l.Table == "likes").DeleteRule);
        await database.DowngradeAsync();
        await database.CatalogIsAsync(before);
    }

    [Theory]
    [InlineData("ALTER TABLE posts DROP CONSTRAINT posts_user_id_fkey, ADD CONSTRAINT posts_user_id_fkey FOREIGN KEY (user_id) REFERENCES users ON DELETE RESTRICT")]
    [InlineData("ALTER TABLE posts DROP CONSTRAINT posts_user_id_fkey")]
    [InlineData("COMMENT ON CONSTRAINT posts_user_id_fkey ON posts IS 'mine now'")]
    public async Task A_constraint_that_somebody_changed_since_keeps_the_downgrade_from_starting(string change)
    {
        await using var database = await Blog.CreateAsync();
        await database.UpgradeAsync(Blog.Policy);
        await database.ExecuteAsync(change);
        var before = await database.CatalogTextAsync();

        var refused = await Assert.ThrowsAsync<ExpungeException>(() => database.DowngradeAsync());

        Assert.Equal(ErrorCodes.ConstraintChanged, refused.Code);
        Assert.Contains("posts_user_id_fkey", refused.Message, StringComparison.Ordinal);
        await database.CatalogIsAsync(before);
        Assert.Equal(RevisionState.Applied, (await Journal.RevisionsAsync(database.Database)).Single().State);
    }

    [Fact]
    public async Task A_constraint_that_was_not_validated_before_is_not_validated_after_the_downgrade()
    {
        await using var database = await Blog.CreateAsync(
            "ALTER TABLE likes DROP CONSTRAINT likes_user_id_fkey, ADD CONSTRAINT likes_user_id_fkey FOREIGN KEY (user_id) REFERENCES users ON DELETE SET NULL NOT VALID;"
            + "ALTER TABLE posts DROP CONSTRAINT posts_user_id_fkey, ADD CONSTRAINT posts_user_id_fkey FOREIGN KEY (user_id) REFERENCES users NOT VALID;");
        var before = await database.CatalogTextAsync();

        Assert.True((await database.UpgradeAsync(Blog.Policy)).Succeeded);
        Assert.True((await database.VerifyAsync(Blog.Policy)).Ok);
        Assert.DoesNotContain("validated=f", await database.CatalogTextAsync(), StringComparison.Ordinal);
        await database.DowngradeAsync();

        await database.CatalogIsAsync(before);
    }

    [Fact]
    public async Task A_soft_reference_that_is_to_be_enforced_has_its_foreign_key_until_the_downgrade()
    {
        await using var database = await Blog.CreateAsync("CREATE TABLE audit (id integer, actor bigint); INSERT INTO audit VALUES (1, 1), (2, 2), (3, NULL);");
        var before = await database.CatalogTextAsync();
        var policy = PolicyReader.Read("root: users\nsoft_references: { audit.actor: { action: delete, enforce: true } }", null);

        Assert.True((await database.UpgradeAsync(policy)).Succeeded);
        Assert.Contains("audit_actor_fkey: FOREIGN KEY (actor) REFERENCES public.users(id) ON DELETE CASCADE validated=t", await database.CatalogTextAsync(), StringComparison.Ordinal);
        Assert.True((await database.VerifyAsync(policy)).Ok);
        Assert.True((await database.UpgradeAsync(policy)).Plan.IsEmpty);
        Assert.Contains((await database.DeleteAsync(policy, "1")).Lines, l => l is { Table: "audit", Deleted: 1 });

        await database.DowngradeAsync();
        await database.CatalogIsAsync(before);
    }

    [Fact]
    public async Task A_root_without_a_table_is_refused_with_the_nearest_name()
    {
        await using var database = await Blog.CreateAsync();

        var refused = await Assert.ThrowsAsync<ExpungeException>(() => database.UpgradeAsync(Blog.Policy with { Root = QualifiedName.Parse("user") }));

        Assert.Equal(ErrorCodes.RootNotFound, refused.Code);
        Assert.Contains("did you mean 'public.users'?", refused.Message, StringComparison.Ordinal);
    }
}
