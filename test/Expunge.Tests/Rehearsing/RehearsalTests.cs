using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Rehearsing;
using Expunge.Testing;
using Expunge.Tests.Revisions;
using Xunit;

namespace Expunge.Tests.Rehearsing;

public sealed class RehearsalTests
{
    private const string Schema =
        """
        CREATE TABLE users (id serial PRIMARY KEY, name text);
        CREATE TABLE posts (id serial PRIMARY KEY, user_id integer NOT NULL REFERENCES users);
        CREATE TABLE comments (id serial PRIMARY KEY, post_id integer NOT NULL REFERENCES posts ON DELETE RESTRICT);
        """;

    [Fact]
    public async Task A_schema_goes_the_whole_way_and_is_afterwards_what_it_was()
    {
        var report = await RehearseAsync(Schema, Blog.Policy);

        Assert.Equal(["load", "plan", "upgrade", "verify", "probe", "downgrade", "compare"], report.Steps.Select(s => s.Name));
        Assert.True(report.Ok, Text(report));
    }

    /// <summary>Schemas that look well and are not, the step that finds it, and what it says.</summary>
    public static TheoryData<string, string, string, string> Broken => new()
    {
        { "a shared table that nobody decided", "CREATE TABLE links (a integer REFERENCES users, b integer REFERENCES users)", "upgrade", "links.a, links.b" },
        { "a trigger that keeps rows", "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$; CREATE TRIGGER keep BEFORE DELETE ON posts FOR EACH ROW EXECUTE FUNCTION f()", "probe", "posts.user_id" },
        { "a CHECK against SET NULL", "CREATE TABLE tasks (id serial PRIMARY KEY, user_id integer REFERENCES users ON DELETE SET NULL CHECK (user_id IS NOT NULL))", "probe", "tasks" },
        { "SET NULL on a column that can't be", "CREATE TABLE tasks (id serial PRIMARY KEY, user_id integer NOT NULL REFERENCES users ON DELETE CASCADE, post integer NOT NULL REFERENCES posts ON DELETE SET NULL)", "upgrade", "tasks.post" },
        { "an audit trigger that refers to the deleted user", "CREATE TABLE audit (id serial PRIMARY KEY, user_id integer REFERENCES users ON DELETE CASCADE); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.audit (user_id) VALUES (OLD.user_id); RETURN NULL; END $$; CREATE TRIGGER log AFTER DELETE ON posts FOR EACH ROW EXECUTE FUNCTION f()", "probe", "audit" },
        { "a table of an extension's type with a column that nothing can be made for", "CREATE TYPE nothing AS ENUM (); CREATE TABLE odd (user_id integer NOT NULL REFERENCES users ON DELETE CASCADE, x nothing NOT NULL)", "probe", "odd.user_id" },
        { "a column of a table that is not there", "ALTER TABLE gone ADD COLUMN user_id integer REFERENCES users", "load", "ALTER TABLE gone" },
    };

    [Theory, MemberData(nameof(Broken))]
    public async Task A_schema_that_is_broken_does_not_go_all_the_way(string how, string sql, string step, string says)
    {
        var report = await RehearseAsync($"{Schema}\n{sql};", Blog.Policy);

        Assert.False(report.Ok, how);
        var failed = report.Steps.First(s => s.Ok == false);
        Assert.True(failed.Name == step, $"{how}: {Text(report)}");
        Assert.Contains(says, $"{failed.Summary} {string.Join(' ', failed.Details)}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_server_lacks_is_made_up_or_left_out_and_named()
    {
        var report = await RehearseAsync(
            """
            \restrict x
            SET transaction_timeout = 0;
            SET no_such_setting = 1;
            CREATE EXTENSION IF NOT EXISTS "uuid-ossp" WITH SCHEMA public;
            CREATE EXTENSION postgis;
            COMMENT ON EXTENSION postgis IS 'maps';
            CREATE SCHEMA public;
            CREATE ROLE somebody SUPERUSER;
            CREATE TABLE public.users (id uuid PRIMARY KEY DEFAULT public.uuid_generate_v4());
            ALTER TABLE public.users OWNER TO "app owner";
            CREATE TABLE public.places (id serial PRIMARY KEY, user_id uuid NOT NULL REFERENCES public.users, at public.geometry(Point,4326) NOT NULL, tags public.hstore);
            CREATE VIEW public.broken AS SELECT no_such_function(1);
            GRANT SELECT ON public.users TO nobody_here;
            CREATE SUBSCRIPTION s CONNECTION 'host=elsewhere' PUBLICATION p;
            INSERT INTO public.users DEFAULT VALUES;
            COPY public.users (id) FROM stdin;
            no uuid
            \.
            """,
            Blog.Policy);

        Assert.True(report.Ok, Text(report));
        var said = report.Steps[0].Details;
        Assert.Contains("made up: role app owner", said);
        Assert.Contains("made up: type geometry, as text", said);
        Assert.Contains("made up: extension postgis", said);
        Assert.Contains(said, d => d.StartsWith("left out: CREATE VIEW public.broken", StringComparison.Ordinal));
        Assert.DoesNotContain(said, d => d.Contains("transaction_timeout", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Migrations_one_after_the_other_and_what_pg_dump_cleans_first_are_schemas_too()
    {
        var report = await RehearseAsync(
            $"""
            ALTER TABLE ONLY public.posts DROP CONSTRAINT posts_user_id_fkey;
            DROP INDEX public.posts_title;
            DROP TABLE public.posts;
            DROP FUNCTION public.f();
            DROP SCHEMA public;
            CREATE SCHEMA public;
            {Schema}
            CREATE TABLE tries (id serial PRIMARY KEY, a integer REFERENCES users, b integer REFERENCES users);
            BEGIN;
            DROP TABLE tries;
            COMMIT;
            """,
            Blog.Policy);

        Assert.True(report.Ok, Text(report));
        Assert.Equal(("3 tables, 2 foreign keys", 0), (report.Steps[0].Summary, report.Steps[0].Details.Length));
    }

    [Fact]
    public async Task Triggers_that_reach_outside_do_not_fire_on_the_copy_and_are_named()
    {
        var report = await RehearseAsync(
            $"{Schema} CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN COPY users TO PROGRAM 'false'; RETURN NULL; END $$; CREATE TRIGGER tell AFTER DELETE ON posts FOR EACH ROW EXECUTE FUNCTION f();", Blog.Policy);

        Assert.True(report.Ok, Text(report));
        Assert.Contains(report.Steps.Single(s => s.Name == "probe").Details, d => d.StartsWith("left out: trigger tell on public.posts", StringComparison.Ordinal));
    }

    [Fact]
    public async Task With_rows_in_the_proportion_of_the_statistics_a_user_is_deleted()
    {
        var report = await RehearseAsync(
            $"{Schema} CREATE TABLE likes (user_id integer NOT NULL REFERENCES users, post_id integer NOT NULL REFERENCES posts, PRIMARY KEY (user_id, post_id));", PolicyReader.Read("root: users\nreferences: { likes.user_id: cascade, likes.post_id: cascade }", null),
            new RehearsalRows(new Dictionary<QualifiedName, long> { [new("public", "users")] = 1000, [new("public", "posts")] = 5000, [new("public", "comments")] = 4000 }, 200));

        Assert.True(report.Ok, Text(report));
        Assert.Equal(["load", "fill", "plan", "upgrade", "verify", "probe", "delete", "downgrade", "compare"], report.Steps.Select(s => s.Name));
        Assert.Contains(" rows made, 20 of them users", report.Steps[1].Summary, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_without_a_statement_is_refused() =>
        Assert.Equal(ErrorCodes.SchemaUnreadable, (await Assert.ThrowsAsync<ExpungeException>(() => RehearseAsync("-- nothing", Blog.Policy))).Code);

    internal static async Task<RehearsalReport> RehearseAsync(string schema, PolicyFile policy, RehearsalRows? rows = null)
    {
        await using var copy = new TestDatabase(await TestServer.EmptyAsync());
        return await Rehearsal.RunAsync(copy.Database, schema, policy, rows, TestContext.Current.CancellationToken);
    }

    internal static string Text(RehearsalReport report) => string.Join('\n', report.Steps.SelectMany(s => s.Details.Prepend($"{s.Name} {s.Ok} {s.Summary}")));
}
