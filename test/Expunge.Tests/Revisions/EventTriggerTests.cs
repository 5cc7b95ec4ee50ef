using Expunge.Revisions;
using Xunit;

namespace Expunge.Tests.Revisions;

/// <summary>Event triggers of the user see our DDL as they see that of any migration.</summary>
public sealed class EventTriggerTests
{
    // As many write them: the table is found by the search_path of whoever runs the DDL.
    private const string Log =
        """
        CREATE TABLE samples (id integer, user_id integer REFERENCES users) PARTITION BY HASH (id);
        CREATE TABLE samples_0 PARTITION OF samples FOR VALUES WITH (MODULUS 1, REMAINDER 0);
        CREATE TABLE ddl_log (tag text, object text);
        CREATE FUNCTION log_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO ddl_log SELECT command_tag, object_identity FROM pg_event_trigger_ddl_commands(); END $$;
        CREATE FUNCTION log_drop() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO ddl_log SELECT TG_TAG, object_identity FROM pg_event_trigger_dropped_objects(); END $$;
        CREATE EVENT TRIGGER log_ddl ON ddl_command_end EXECUTE FUNCTION log_ddl();
        CREATE EVENT TRIGGER log_drop ON sql_drop EXECUTE FUNCTION log_drop();
        """;

    [Fact]
    public async Task One_whose_function_names_its_table_without_a_schema_works_for_upgrade_and_downgrade()
    {
        await using var database = await Blog.CreateAsync(Log);
        var before = await database.CatalogTextAsync();

        var outcome = await database.UpgradeAsync(Blog.Policy);

        Assert.All(outcome.Results, r => Assert.Null(r.Failure));
        Assert.Equal(RevisionState.Applied, outcome.State);
        foreach (var seen in (string[])["CREATE SCHEMA expunge", "CREATE TABLE expunge.step", "CREATE INDEX public.ix_posts_user_id", "ALTER TABLE public.likes", "ALTER TABLE public.samples"])
        {
            Assert.True(await database.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM ddl_log WHERE tag || ' ' || object = $1)", seen), seen);
        }

        await database.DowngradeAsync();
        await database.CatalogIsAsync(before);
        Assert.True(await database.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM ddl_log WHERE tag = 'DROP INDEX' AND object = 'public.ix_posts_user_id')"));
    }

    [Fact]
    public async Task One_that_fails_leaves_nothing_half_done_and_when_it_is_repaired_the_next_upgrade_finishes()
    {
        await using var database = await Blog.CreateAsync("CREATE INDEX ON posts (user_id); CREATE INDEX ON comments (post_id); CREATE INDEX ON likes (user_id);");
        await database.ExecuteAsync(
            """
            CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE objid = 'public.likes'::regclass) THEN RAISE 'no changes to likes'; END IF;
            END $$;
            CREATE EVENT TRIGGER refuse ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION refuse();
            """);

        var first = await database.UpgradeAsync(Blog.Policy);

        Assert.Equal(RevisionState.Incomplete, first.State);
        var failure = Assert.Single(first.Results, r => r.Failure is not null);
        Assert.Equal(("likes", ErrorCodes.StepFailed), (failure.Step.Table.Name.Name, failure.Failure!.Code));
        Assert.Contains("no changes to likes", failure.Failure.Message, StringComparison.Ordinal);
        Assert.Equal(["likes"], (await database.VerifyAsync(Blog.Policy)).Lines.Where(l => !l.Ok).Select(l => l.Table));
        Assert.Contains("likes_user_id_fkey", await database.CatalogTextAsync(), StringComparison.Ordinal);

        await database.ExecuteAsync("DROP EVENT TRIGGER refuse");
        Assert.Equal(RevisionState.Applied, (await database.UpgradeAsync(Blog.Policy)).State);
        Assert.True((await database.VerifyAsync(Blog.Policy)).Ok);
    }
}
