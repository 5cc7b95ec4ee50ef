using Expunge.Policy;
using Expunge.Testing;
using Expunge.Verification;
using Npgsql;
using Xunit;

namespace Expunge.Tests.Verification;

public sealed class SharedRowsTests
{
    [Fact]
    public async Task Of_ZivoHealth_each_pair_is_counted_and_decided()
    {
        await using var database = new OrphanDatabase(new TestDatabase(await TestServer.ZivoHealthAsync()), ZivoHealth.Deployment.Policy);

        var report = await FindAsync(database);

        Assert.True(report.Ok);
        var appointments = Assert.Single(report.Pairs, p => p.Table == "appointments");
        Assert.Equal(("appointments.doctor_id", "set null", "named"), (appointments.First.Name, appointments.First.Action, appointments.First.DecidedBy));
        Assert.Equal(await database.Test.ScalarAsync<long>("SELECT count(*) FROM appointments WHERE doctor_id <> patient_id"), appointments.Rows);
        Assert.Equal(5, appointments.Examples.Length);
        var most = appointments.First.Most!;
        Assert.Equal(
            $"{most.Subject} {most.Rows} {most.Others}",
            await database.Test.ScalarAsync<string>("SELECT concat_ws(' ', doctor_id, count(*), count(DISTINCT patient_id)) FROM appointments WHERE doctor_id <> patient_id GROUP BY doctor_id ORDER BY count(*) DESC, doctor_id::text COLLATE \"C\" LIMIT 1"));
        // Two ways to the same owner: the text of a soft reference, and by another table.
        Assert.Equal(0, Assert.Single(report.Pairs, p => p.Table == "agent_memory").Rows);
        Assert.Equal(0, Assert.Single(report.Pairs, p => p.Table == "health_data_history").Rows);
        Assert.Equal(25, Assert.Single(report.Pairs, p => p.Table == "users").Rows);
    }

    [Fact]
    public async Task Each_action_says_what_it_would_do_to_whom_the_decided_one_first()
    {
        await using var database = await CreateAsync("root: users\nreferences: { records.user_id: cascade, records.recorded_by: { action: set null, reason: only wrote it }, users.referred_by: { action: retain, reason: look } }\n");

        var report = await FindAsync(database);

        Assert.True(report.Ok);
        Assert.Equal(["users/users.referred_by: 1 (users)", "records.recorded_by/records.user_id: 3 (records)"], Names(report));
        var records = report.Pairs[1];
        Assert.Equal(["id = 11: 3 1", "id = 12: 3 2", "id = 13: 3 2"], records.Examples.Select(e => $"{e.Row}: {e.First} {e.Second}"));
        Assert.Equal((new SharedMost("3", 3, 2), "only wrote it"), (records.First.Most, records.First.Reason));
        Assert.Equal(
            [
                "set null: the rows stay with the user(s) of user_id, and recorded_by becomes NULL when user 3 is deleted",
                "cascade: deleting user 3 deletes 3 row(s) that by user_id are of 2 other user(s)",
                "retain: user 3 can't be deleted while these 3 row(s) refer to what goes with it",
                "reassign: the rows stay with the user(s) of user_id, and recorded_by becomes the user that the policy gives when user 3 is deleted",
            ],
            Said(records.First));
        Assert.Equal(["cascade: deleting user 2 deletes 2 row(s) that by recorded_by are of 1 other user(s)"], Said(records.Second).Take(1));
        Assert.DoesNotContain(records.Second.Effects, e => e.Action == "set null");
        var users = report.Pairs[0];
        Assert.Equal(("id = 2: 2 1", null), (users.Examples.Select(e => $"{e.Row}: {e.First} {e.Second}").Single(), users.First.Action));
        Assert.Empty(users.First.Effects);
        Assert.Equal("cascade: deleting user 1 deletes 1 other user(s) with everything that is theirs", Said(users.Second)[1]);
    }

    [Fact]
    public async Task Of_one_subject_the_rows_are_told_that_are_others_too_by_either_way()
    {
        const string Policy = "root: users\nreferences: { records.user_id: cascade, records.recorded_by: { action: set null, reason: only wrote it }, users.referred_by: set null }\n";
        await using var database = await CreateAsync(Policy);

        Assert.Equal([new("records", "records.recorded_by", "set null", "records.user_id", 3, 2, null)], await OfAsync("3"));
        Assert.Equal(
            [new("records", "records.user_id", "cascade", "records.recorded_by", 2, 1, null), new("users", "users", "delete", "users.referred_by", 1, 1, null)],
            await OfAsync("2"));
        Assert.Empty(await OfAsync("4711"));
        Assert.Equal(ErrorCodes.BadId, (await Assert.ThrowsAsync<ExpungeException>(() => OfAsync("x"))).Code);

        async Task<IEnumerable<SharedOfSubject>> OfAsync(string id) => await SharedRows.OfAsync(database.Test.Database, PolicyReader.Read(Policy, null), id, TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_pair_with_such_rows_that_nobody_named_is_undecided_until_it_is()
    {
        await using var database = await CreateAsync("root: users\nreferences: { users.referred_by: set null }\n");
        Assert.Equal(["records"], (await FindAsync(database)).Pairs.Where(p => !p.IsDecided).Select(p => p.Table));
        Assert.False((await FindAsync(database)).Ok);

        // Without such rows nothing has to be decided yet.
        await database.Test.ExecuteAsync("UPDATE records SET recorded_by = user_id");
        Assert.True((await FindAsync(database)).Ok);
    }

    [Fact]
    public async Task Ways_lead_over_other_tables_soft_references_partitions_and_keys_of_other_types()
    {
        await using var database = await OrphanDatabase.CreateAsync(
            """
            CREATE TABLE users (id uuid PRIMARY KEY);
            INSERT INTO users SELECT ('00000000-0000-4000-8000-00000000000' || n)::uuid FROM generate_series(1, 3) n;
            CREATE TABLE devices (id integer PRIMARY KEY, who varchar(40));
            INSERT INTO devices SELECT n, upper('00000000-0000-4000-8000-00000000000' || n) FROM generate_series(1, 3) n;
            CREATE TABLE orders (tenant integer, id integer, user_id uuid REFERENCES users, PRIMARY KEY (tenant, id));
            INSERT INTO orders SELECT 1, n, ('00000000-0000-4000-8000-00000000000' || n)::uuid FROM generate_series(1, 3) n;
            CREATE TABLE samples (id integer, device_id integer REFERENCES devices, tenant integer, order_id integer, seen_by text, FOREIGN KEY (tenant, order_id) REFERENCES orders) PARTITION BY LIST (id);
            CREATE TABLE samples_1 PARTITION OF samples FOR VALUES IN (1, 2, 3);
            INSERT INTO samples VALUES (1, 1, 1, 1, '00000000-0000-4000-8000-000000000001'), (2, 1, 1, 2, 'nobody'), (3, NULL, 1, 3, '00000000-0000-4000-8000-000000000002');
            """,
            "root: users\nsoft_references: { devices.who: delete, samples.seen_by: delete }\n");

        var report = await FindAsync(database);

        Assert.Equal(["samples.device_id/samples.(tenant, order_id): 1 (samples)", "samples.(tenant, order_id)/samples.seen_by: 1 (samples)"], Names(report).Where(n => !n.Contains(": 0 ", StringComparison.Ordinal)).OrderDescending(StringComparer.Ordinal));
        Assert.Equal(3, report.Pairs.Count(p => p.Table == "samples"));
        Assert.Contains("(partition, ctid) = (samples_1, (0,2)): 00000000-0000-4000-8000-000000000001 00000000-0000-4000-8000-000000000002", report.Pairs.SelectMany(p => p.Examples).Select(e => $"{e.Row}: {e.First} {e.Second}"));
    }

    [Fact]
    public async Task What_takes_too_long_is_said_and_matters_where_nobody_decided()
    {
        await using var database = await CreateAsync("root: users\nreferences: { users.referred_by: set null, records.recorded_by: set null, records.user_id: cascade }\n");
        await using var undecided = new OrphanDatabase(new TestDatabase(database.Test.ConnectionString), "root: users\nreferences: { users.referred_by: set null }\n");
        await using var holder = await TestServer.OpenAsync(database.Test.ConnectionString);
        await using var transaction = await holder.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var hold = new NpgsqlCommand("LOCK TABLE records", holder)) await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        var options = new SharedRowsOptions { Timeout = TimeSpan.FromMilliseconds(100) };

        var report = await FindAsync(database, options);

        Assert.Equal((true, null, "not within 0.1 s"), (report.Ok, report.Pairs[1].Rows, report.Pairs[1].NotCounted));
        Assert.Equal(1, report.Pairs[0].Rows);
        Assert.False((await FindAsync(undecided, options)).Ok);
    }

    [Fact]
    public async Task Of_a_large_table_a_sample_is_read_and_the_number_is_an_estimate()
    {
        await using var database = await CreateAsync("root: users\n", "INSERT INTO records SELECT n, 1, CASE WHEN n % 2 = 0 THEN 2 ELSE 1 END FROM generate_series(100, 50099) n; ANALYZE;");

        var report = await FindAsync(database, new SharedRowsOptions { Sample = true, SampleRows = 10_000 });

        var records = Assert.Single(report.Pairs, p => p.Table == "records");
        Assert.True(records.IsEstimate);
        Assert.InRange(records.Rows!.Value, 5_000, 45_000);
        Assert.Equal((false, 1L), Assert.Single(report.Pairs, p => p.Table == "users") is var users ? (users.IsEstimate, users.Rows!.Value) : default);
        Assert.False((await FindAsync(database, new SharedRowsOptions { Sample = true })).Pairs.Any(p => p.IsEstimate));
    }

    private static Task<OrphanDatabase> CreateAsync(string policy, string more = "") => OrphanDatabase.CreateAsync(
        """
        CREATE TABLE users (id integer PRIMARY KEY, referred_by integer REFERENCES users);
        CREATE TABLE records (id integer PRIMARY KEY, user_id integer NOT NULL REFERENCES users, recorded_by integer REFERENCES users);
        INSERT INTO users VALUES (1, 1), (2, 1), (3, NULL);
        INSERT INTO records VALUES (11, 1, 3), (12, 2, 3), (13, 2, 3), (14, 2, 2), (15, 2, NULL);
        """ + more,
        policy);

    private static async Task<SharedRowsReport> FindAsync(OrphanDatabase database, SharedRowsOptions? options = null) => await SharedRows.FindAsync(database.Test.Database, await database.DecisionsAsync(), options ?? new SharedRowsOptions());

    private static string[] Names(SharedRowsReport report) => [.. report.Pairs.Select(p => $"{p.First.Name}/{p.Second.Name}: {p.Rows} ({p.Table})")];

    private static string[] Said(SharedReference reference) => [.. reference.Effects.Select(e => $"{e.Action}: {e.Effect}")];
}
