using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Probing;
using Expunge.Testing;
using Expunge.Tests.Revisions;
using Xunit;

namespace Expunge.Tests.Probing;

public sealed class ProbeTests
{
    private const string Users = "CREATE TABLE users (id integer PRIMARY KEY);";

    /// <summary>What a table asks of its rows besides the reference to the user.</summary>
    public static TheoryData<string> Tables => new(
        "plan text NOT NULL CHECK (plan IN ('free', 'pro'))",
        "age integer NOT NULL CHECK (age BETWEEN 18 AND 120)",
        "starts date NOT NULL, ends date NOT NULL, CHECK (ends > starts)",
        "price numeric(6,2) NOT NULL CHECK (price > 0 AND price < 10)",
        "code char(3) NOT NULL UNIQUE CHECK (code = upper(code))",
        "mail text NOT NULL UNIQUE CHECK (mail ~ '^[^@]+@[^@]+$')",
        "hash text NOT NULL CHECK (char_length(hash) = 64)",
        "link text NOT NULL CHECK (link LIKE 'https://%')",
        "mood mood NOT NULL DEFAULT 'good', moods mood[] NOT NULL CHECK (cardinality(moods) > 0)",
        "a integer, b integer, CHECK (num_nonnulls(a, b) = 1)",
        "payload jsonb NOT NULL CHECK (jsonb_typeof(payload) = 'array')",
        "positive positive NOT NULL, addresses address[] NOT NULL",
        "period daterange NOT NULL, EXCLUDE USING gist (period WITH &&)",
        "during tstzrange NOT NULL CHECK (NOT isempty(during))",
        "days datemultirange NOT NULL, span int4range NOT NULL CHECK (lower(span) >= 100)",
        "serial bigserial UNIQUE, n integer GENERATED ALWAYS AS IDENTITY, twice integer GENERATED ALWAYS AS (length(word) * 2) STORED CHECK (twice = 6), word text NOT NULL",
        "ip inet NOT NULL, net cidr NOT NULL, mac macaddr NOT NULL, bits bit(5) NOT NULL, flags varbit(9) NOT NULL, shape point NOT NULL, area polygon NOT NULL, disc circle NOT NULL",
        "u uuid NOT NULL UNIQUE, b bytea NOT NULL, x xml NOT NULL, v tsvector NOT NULL, i interval NOT NULL, t time NOT NULL, m money NOT NULL, lsn pg_lsn NOT NULL",
        "state smallint NOT NULL DEFAULT 0 UNIQUE CHECK (state >= 0), at timestamptz NOT NULL DEFAULT now(), done boolean NOT NULL CHECK (done)",
        "person person NOT NULL",
        "CHECK (user_id <> 0)");

    [Theory, MemberData(nameof(Tables))]
    public async Task A_row_is_made_whatever_the_table_asks_of_it(string columns)
    {
        await using var database = await CreateAsync(
            $"""
            CREATE TYPE mood AS ENUM ('bad', 'good');
            CREATE DOMAIN positive AS integer CHECK (VALUE > 41 AND VALUE < 50);
            CREATE DOMAIN address AS varchar(50) CHECK (VALUE LIKE '%@%');
            CREATE TYPE person AS (name text, born date);
            CREATE TABLE things (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id integer NOT NULL REFERENCES users ON DELETE CASCADE, {columns});
            """);

        var line = await ProbedAsync(database, "things");

        Assert.Equal((ProbeState.Proved, "gone"), (line.State, line.Outcome));
    }

    [Fact]
    public async Task Rows_fall_into_partitions_of_every_kind()
    {
        await using var database = await CreateAsync(
            """
            CREATE TABLE by_month (user_id integer NOT NULL REFERENCES users ON DELETE CASCADE, at timestamptz NOT NULL) PARTITION BY RANGE (at);
            CREATE TABLE by_month_1 PARTITION OF by_month FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
            CREATE TABLE by_kind (user_id integer NOT NULL REFERENCES users ON DELETE CASCADE, kind text NOT NULL, n integer NOT NULL) PARTITION BY LIST (kind);
            CREATE TABLE by_kind_1 PARTITION OF by_kind FOR VALUES IN ('one', 'two') PARTITION BY HASH (n);
            CREATE TABLE by_kind_2 PARTITION OF by_kind_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
            """);

        Assert.Equal(ProbeState.Proved, (await ProbedAsync(database, "by_month")).State);
        Assert.Equal(ProbeState.Proved, (await ProbedAsync(database, "by_kind")).State);
    }

    [Fact]
    public async Task A_table_without_a_partition_is_not_probed_and_says_so()
    {
        await using var database = await CreateAsync("CREATE TABLE empty (user_id integer NOT NULL REFERENCES users ON DELETE CASCADE, at date NOT NULL) PARTITION BY RANGE (at)");

        var report = await Probe.RunAsync(database.Database, Blog.Policy, cancellation: TestContext.Current.CancellationToken);

        Assert.True(report is { Ok: true, Complete: false });
        Assert.Contains("no partition", Line(report, "empty").Outcome, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_only_the_application_knows_is_taken_from_a_row_that_is_there()
    {
        const string tables =
            """
            CREATE TABLE orders (id serial PRIMARY KEY, user_id integer NOT NULL REFERENCES users ON DELETE CASCADE, number text UNIQUE, checksum text NOT NULL);
            CREATE FUNCTION valid() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.checksum <> 'open sesame' THEN RAISE 'wrong checksum'; END IF; RETURN NEW; END $$;
            CREATE TRIGGER valid BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION valid();
            """;
        await using var without = await CreateAsync(tables);
        await using var with = await CreateAsync(tables + "INSERT INTO users VALUES (1); INSERT INTO orders (user_id, number, checksum) VALUES (1, 'one', 'open sesame')");

        var unknown = await ProbedAsync(without, "orders");

        Assert.Equal((ProbeState.NotProbed, "wrong checksum (SQLSTATE P0001)"), (unknown.State, unknown.Outcome));
        Assert.Equal(ProbeState.Proved, (await ProbedAsync(with, "orders")).State);
        Assert.Equal(1, await with.ScalarAsync<long>("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task A_row_that_must_be_the_only_one_is_the_only_one()
    {
        await using var database = await CreateAsync(
            """
            CREATE TABLE profiles (user_id integer PRIMARY KEY REFERENCES users ON DELETE CASCADE, mentor integer UNIQUE REFERENCES users ON DELETE SET NULL);
            CREATE TABLE badges (profile integer NOT NULL UNIQUE REFERENCES profiles ON DELETE CASCADE);
            CREATE TABLE owner (one boolean PRIMARY KEY DEFAULT true CHECK (one), user_id integer NOT NULL REFERENCES users ON DELETE CASCADE);
            """);

        Assert.All((await CompleteAsync(database)).Lines, l => Assert.Equal(ProbeState.Proved, l.State));
    }

    [Fact]
    public async Task Tenants_composite_keys_self_references_and_deferrable_cycles_are_made()
    {
        await using var database = new TestDatabase(await TestServer.EmptyAsync());
        await database.ExecuteAsync(
            """
            CREATE TABLE tenants (id integer PRIMARY KEY);
            CREATE TABLE users (id integer PRIMARY KEY, tenant integer NOT NULL REFERENCES tenants, UNIQUE (tenant, id), home integer NOT NULL);
            CREATE TABLE houses (id integer PRIMARY KEY, owner integer NOT NULL REFERENCES users ON DELETE CASCADE);
            ALTER TABLE users ADD FOREIGN KEY (home) REFERENCES houses DEFERRABLE INITIALLY DEFERRED;
            CREATE TABLE eggs (id integer PRIMARY KEY, hen integer NOT NULL, user_id integer NOT NULL REFERENCES users ON DELETE CASCADE);
            CREATE TABLE hens (id integer PRIMARY KEY, egg integer NOT NULL REFERENCES eggs ON DELETE CASCADE DEFERRABLE);
            ALTER TABLE eggs ADD FOREIGN KEY (hen) REFERENCES hens ON DELETE CASCADE DEFERRABLE;
            CREATE TABLE docs (tenant integer, id integer, user_id integer NOT NULL, reviewer integer NOT NULL, PRIMARY KEY (tenant, id),
              FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id) ON DELETE CASCADE, FOREIGN KEY (tenant, reviewer) REFERENCES users (tenant, id) ON DELETE CASCADE);
            CREATE TABLE trees (id integer PRIMARY KEY, root integer NOT NULL REFERENCES trees ON DELETE CASCADE, user_id integer NOT NULL REFERENCES users ON DELETE CASCADE);
            CREATE TABLE pairs (a integer, b integer, n integer, FOREIGN KEY (a, b) REFERENCES users (tenant, id) MATCH FULL ON DELETE SET NULL);
            """);
        var policy = PolicyReader.Read("root: users\nreferences: { users.home: keep, \"docs.(tenant, user_id)\": cascade, \"docs.(tenant, reviewer)\": cascade, trees.root: cascade, trees.user_id: cascade, eggs.hen: cascade, eggs.user_id: cascade }", null);

        var report = await Probe.RunAsync(database.Database, policy, cancellation: TestContext.Current.CancellationToken);

        Assert.True(report.Refusal is null, report.Refusal);
        Assert.All(report.Lines.Where(l => l.Columns != "home"), l => Assert.True(l.State == ProbeState.Proved, $"{l.Table}.{l.Columns} {l.Outcome}"));
    }

    [Fact]
    public async Task A_blocker_that_is_initially_deferred_is_found()
    {
        await using var database = await CreateAsync("CREATE TABLE late (id integer, user_id integer REFERENCES users ON DELETE CASCADE); CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO late VALUES (OLD.id, OLD.user_id); RETURN NULL; END $$; CREATE CONSTRAINT TRIGGER again AFTER DELETE ON late DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION again()");

        var report = await Probe.RunAsync(database.Database, Blog.Policy, cancellation: TestContext.Current.CancellationToken);

        Assert.False(report.Ok);
        Assert.Contains("late", report.Refusal, StringComparison.Ordinal);
        Assert.Equal(ProbeState.Failed, report.Lines[0].State);
    }

    [Fact]
    public async Task A_retained_reference_whose_constraint_is_initially_deferred_is_shown_to_block()
    {
        await using var database = await CreateAsync("CREATE TABLE invoices (id serial, user_id integer REFERENCES users DEFERRABLE INITIALLY DEFERRED); CREATE TABLE notes (user_id integer REFERENCES users ON DELETE CASCADE)");

        var report = await Probe.RunAsync(database.Database, PolicyReader.Read("root: users\nreferences: { invoices.user_id: { action: retain, reason: tax law } }", null), cancellation: TestContext.Current.CancellationToken);

        Assert.True(report is { Ok: true, Complete: true });
        Assert.Equal((ProbeState.Blocks, "retain"), (Line(report, "invoices").State, Line(report, "invoices").Action));
        Assert.Equal(ProbeState.Proved, Line(report, "notes").State);
    }

    [Fact]
    public async Task A_cascade_that_a_trigger_suppresses_fails()
    {
        await using var database = await CreateAsync("CREATE TABLE notes (user_id integer REFERENCES users ON DELETE CASCADE); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$; CREATE TRIGGER t BEFORE DELETE ON notes FOR EACH ROW EXECUTE FUNCTION f()");

        var report = await Probe.RunAsync(database.Database, Blog.Policy, cancellation: TestContext.Current.CancellationToken);

        Assert.False(report.Ok);
        Assert.Contains("notes.user_id", report.Refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cascade_that_a_rule_rewrites_fails()
    {
        await using var database = await CreateAsync("CREATE TABLE notes (user_id integer REFERENCES users ON DELETE CASCADE); CREATE RULE r AS ON DELETE TO notes DO INSTEAD NOTHING");

        var refused = await Assert.ThrowsAsync<ExpungeException>(() => Probe.RunAsync(database.Database, Blog.Policy, cancellation: TestContext.Current.CancellationToken));

        Assert.Equal(ErrorCodes.ProbeFailed, refused.Code);
        Assert.Contains("notes_user_id_fkey", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_trigger_that_takes_somebody_elses_rows_along_is_seen()
    {
        await using var database = await CreateAsync(
            "CREATE TABLE notes (id serial PRIMARY KEY, user_id integer REFERENCES users ON DELETE CASCADE); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM notes; RETURN NULL; END $$; CREATE TRIGGER f AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION f()");

        var report = await Probe.RunAsync(database.Database, Blog.Policy, cancellation: TestContext.Current.CancellationToken);

        Assert.False(report.Ok);
        Assert.Equal(["a row of notes: is gone, and was to stay"], report.Lost);
    }

    [Fact]
    public async Task Nothing_stays_but_the_numbers_that_sequences_gave_and_these_are_named()
    {
        await using var database = await Blog.CreateAsync("CREATE TABLE posts2 (id serial PRIMARY KEY, user_id integer REFERENCES users ON DELETE CASCADE); CREATE SEQUENCE other; DROP TABLE posts CASCADE; DROP TABLE likes");
        var before = await database.CatalogTextAsync();
        var rows = await database.CountAsync();

        var report = await Probe.RunAsync(database.Database, Blog.Policy, cancellation: TestContext.Current.CancellationToken);

        Assert.Equal(["posts2_id_seq"], report.Sequences);
        Assert.Equal(rows, await database.CountAsync());
        await database.CatalogIsAsync(before);
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM pg_namespace WHERE nspname = 'expunge'"));
    }

    [Fact]
    public async Task Others_go_on_while_it_is_at_work()
    {
        await using var database = await CreateAsync("CREATE TABLE notes (id serial PRIMARY KEY, user_id integer REFERENCES users ON DELETE CASCADE); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN OLD; END $$; CREATE TRIGGER f AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION f()");
        await database.ExecuteAsync("INSERT INTO users VALUES (1), (2); INSERT INTO notes (user_id) VALUES (1), (2)");
        await using var held = await TestServer.OpenAsync(database.ConnectionString);
        await held.ExecuteAsync("SELECT pg_advisory_lock(1)", TestContext.Current.CancellationToken);

        var probe = Probe.RunAsync(database.Database, Blog.Policy, cancellation: TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(async () => await database.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory' AND datname = current_database()") == 1, "the probe waits in its trigger", probe);
        await database.ExecuteAsync(
            "SET lock_timeout = 1; INSERT INTO users VALUES (3); INSERT INTO notes (user_id) VALUES (3); UPDATE notes SET user_id = 2 WHERE user_id = 3; DELETE FROM notes WHERE user_id = 1");
        await held.ExecuteAsync("SELECT pg_advisory_unlock(1)", TestContext.Current.CancellationToken);

        Assert.True((await probe).Ok);
    }

    [Theory]
    [InlineData("PERFORM dblink_exec('dbname=other', 'DELETE FROM users')", "dblink_exec")]
    [InlineData("COPY users TO PROGRAM 'mail admin'", "COPY users TO PROGRAM")]
    [InlineData("PERFORM helper()", "pg_read_file")]
    [InlineData("INSERT INTO mails VALUES (1)", "trigger send on public.mails")]
    public async Task Triggers_that_reach_outside_are_refused_before_anything_is_done(string body, string what)
    {
        await using var database = await CreateAsync(
            $"CREATE TABLE mails (id integer); CREATE FUNCTION send() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM http_post('http://mail', ''); RETURN NEW; END $$; CREATE TRIGGER send BEFORE INSERT ON mails FOR EACH ROW EXECUTE FUNCTION send(); CREATE TABLE notes (user_id integer REFERENCES users ON DELETE CASCADE); CREATE FUNCTION helper() RETURNS text LANGUAGE sql AS $$ SELECT pg_read_file('x') $$; CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF false THEN {body}; END IF; RETURN NULL; END $$; CREATE TRIGGER f AFTER DELETE ON notes FOR EACH ROW EXECUTE FUNCTION f()");

        var refused = await Assert.ThrowsAsync<ExpungeException>(() => Probe.RunAsync(database.Database, Blog.Policy, cancellation: TestContext.Current.CancellationToken));

        Assert.Equal(ErrorCodes.ProbeReachesOutside, refused.Code);
        Assert.Contains(what, refused.Message, StringComparison.Ordinal);
        Assert.True((await Probe.RunAsync(database.Database, Blog.Policy, allowOutside: true, cancellation: TestContext.Current.CancellationToken)).Ok);
    }

    [Fact]
    public async Task Rows_that_are_reassigned_or_get_a_default_are_seen_with_their_new_owner()
    {
        await using var database = await CreateAsync("CREATE TABLE files (id serial PRIMARY KEY, user_id integer NOT NULL REFERENCES users); CREATE TABLE jobs (id serial PRIMARY KEY, user_id integer NOT NULL DEFAULT 1 REFERENCES users ON DELETE SET DEFAULT)");
        var policy = PolicyReader.Read("root: users\nreferences: { files.user_id: { action: reassign, key: 2 }, jobs.user_id: set default }", null);

        var refused = await Probe.RunAsync(database.Database, policy, cancellation: TestContext.Current.CancellationToken);
        await database.ExecuteAsync("INSERT INTO users VALUES (1), (2)");
        var report = await Probe.RunAsync(database.Database, policy, cancellation: TestContext.Current.CancellationToken);

        Assert.False(refused.Ok);
        Assert.Equal(["gone", "stays, and is 2's", "stays, and has the default"], report.Lines.Select(l => l.Outcome));
        Assert.True(report is { Ok: true, Complete: true });
    }

    private static async Task<TestDatabase> CreateAsync(string tables)
    {
        var database = new TestDatabase(await TestServer.EmptyAsync());
        await database.ExecuteAsync(Users + tables);
        return database;
    }

    private static async Task<ProbeReport> CompleteAsync(TestDatabase database)
    {
        var report = await Probe.RunAsync(database.Database, Blog.Policy, cancellation: TestContext.Current.CancellationToken);
        Assert.True(report is { Ok: true, Complete: true }, string.Join('\n', report.Lines.Select(l => $"{l.Table}.{l.Columns}: {l.Outcome}").Concat(report.Lost).Append(report.Refusal)));
        return report;
    }

    private static async Task<ProbeLine> ProbedAsync(TestDatabase database, string table) => Line(await Probe.RunAsync(database.Database, Blog.Policy, cancellation: TestContext.Current.CancellationToken), table);

    private static ProbeLine Line(ProbeReport report, string table) => Assert.Single(report.Lines, l => l.Table == table);
}
