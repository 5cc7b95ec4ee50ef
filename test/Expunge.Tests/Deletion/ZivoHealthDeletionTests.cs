using Expunge.Policy;
using Expunge.Testing;
using Npgsql;
using Xunit;

namespace Expunge.Tests.Deletion;

/// <summary>Deleting users of ZivoHealth after revision 067.</summary>
public sealed class ZivoHealthDeletionTests
{
    private static readonly PolicyFile Policy = PolicyReader.Read(ZivoHealth.Deployment.Policy, null);

    [Fact]
    public async Task A_deletion_does_what_its_dry_run_said_and_what_counting_all_tables_confirms()
    {
        await using var database = await CreateAsync();
        var estimate = await database.EstimateAsync(Policy, $"{ZivoHealth.SampleData.Whale}");
        var before = await database.CountAsync();

        var result = await database.DeleteAsync(Policy, $"{ZivoHealth.SampleData.Whale}");

        var after = await database.CountAsync();
        // The log that a trigger of the deployment writes.
        Assert.Equal(result.Lines.Single(l => l.Table == "medical_images").Deleted, after[new("public", "row_deletions")] - before[new("public", "row_deletions")]);
        before.Remove(new("public", "row_deletions"));
        Assert.Equal(estimate.Lines, result.Lines);
        Assert.Equal(
            before.Select(t => (t.Key.Name, Rows: t.Value - after[t.Key])).Where(t => t.Rows != 0).Order(),
            result.Lines.Where(l => l.Deleted > 0).Select(l => (l.Table, l.Deleted)).Order());
        Assert.Equal(before.Sum(t => t.Value - after[t.Key]), result.TotalDeleted);
        Assert.True(result.Lines.Count(l => l.Deleted > 0) > 60, "the whale has rows in most tables");
        // Declared soft references, integer and text, without a foreign key.
        Assert.Superset(new HashSet<string>(["audit_events", "search_queries", "opentelemetry_traces", "agent_memory", "api_request_logs"], StringComparer.Ordinal), result.Lines.Where(l => l.Deleted > 0).Select(l => l.Table).ToHashSet(StringComparer.Ordinal));
        Assert.Equal(0, await LeftAsync(database, ZivoHealth.SampleData.Whale));
    }

    [Fact]
    public async Task A_doctor_goes_and_the_patients_keep_their_rows()
    {
        await using var database = await CreateAsync();
        const int doctor = ZivoHealth.SampleData.Doctor;
        string[] patients = ["patient_health_records WHERE recorded_by", "prescriptions WHERE doctor_id", "appointments WHERE doctor_id", "clinical_reports WHERE reviewed_by"];
        var mine = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var rows in patients) mine[rows] = await database.ScalarAsync<long>($"SELECT count(*) FROM {rows} = {doctor}{Owned(rows)}");
        Assert.Contains(mine, m => m.Value > 0);
        var others = await OthersAsync(database, doctor);

        var result = await database.DeleteAsync(Policy, $"{doctor}");

        Assert.Equal([$"{doctor}"], result.Deleted);
        Assert.Equal(others, await OthersAsync(database, doctor));
        Assert.Equal(0, await LeftAsync(database, doctor));
        foreach (var (rows, count) in mine) Assert.True(result.Lines.Single(l => l.Table == rows[..rows.IndexOf(' ', StringComparison.Ordinal)]).Updated == count, rows);

        static string Owned(string rows) => $" AND {(rows.StartsWith("appointments", StringComparison.Ordinal) ? "patient_id" : "user_id")} <> {doctor}";
    }

    [Fact]
    public async Task Who_does_not_exist_is_reported_and_the_others_are_deleted_whatever_the_spelling()
    {
        await using var database = await CreateAsync();

        var estimate = await database.EstimateAsync(Policy, "003", "3", "4711", " 5 ");
        var result = await database.DeleteAsync(Policy, "003", "3", "4711", " 5 ");

        Assert.Equal(["3", "5"], estimate.Subjects);
        Assert.Equal(["4711"], estimate.NotFound);
        Assert.Equal(["3", "5"], result.Deleted.Order(StringComparer.Ordinal));
        Assert.Equal(["4711"], result.NotFound);
        Assert.Equal(2, result.Lines.Single(l => l.Table == "users").Deleted);
        Assert.Empty((await database.DeleteAsync(Policy, "3")).Deleted);
    }

    [Fact]
    public async Task Before_the_upgrade_it_is_refused_with_the_way_to_do_it()
    {
        await using var database = new TestDatabase(await TestServer.ZivoHealthAsync());

        var refused = await Assert.ThrowsAsync<ExpungeException>(() => database.DeleteAsync(Policy, "3"));

        Assert.Equal(ErrorCodes.DeletionBlocked, refused.Code);
        Assert.Contains("expunge upgrade head", refused.NextStep, StringComparison.Ordinal);
        Assert.Equal(1, await database.ScalarAsync<long>("SELECT count(*) FROM users WHERE id = 3"));
    }

    private static async Task<TestDatabase> CreateAsync() => new(await TestServer.CopyAsync("zivo_upgraded", async connection =>
    {
        await ZivoHealth.Deployment.CreateAsync(connection);
        await ZivoHealth.SampleData.FillAsync(connection, users: 40);
        await using var database = new TestDatabase(new NpgsqlConnectionStringBuilder((await TestServer.Server).ConnectionString) { Database = connection.Database }.ConnectionString);
        Assert.True((await database.UpgradeAsync(Policy)).Succeeded);
    }));

    /// <summary>The owned rows of all other users, as one checksum a table: columns that name a clinician are left out, as they may be set.</summary>
    private static async Task<string> OthersAsync(TestDatabase database, int user)
    {
        var tables = (await database.CatalogAsync()).Tables.Where(t => t.PartitionOf is null && (t.Column("user_id") ?? t.Column("patient_id")) is not null && t.Name.Name != "care_team_members").ToList();
        var sums = new List<string>();
        foreach (var table in tables)
        {
            var owner = table.Column("user_id") is null ? "patient_id" : "user_id";
            var columns = table.Columns.Select(c => c.Name).Except(["recorded_by", "doctor_id", "created_by", "uploaded_by", "reviewed_by", "parent_note_id", "chat_session_id"]);
            sums.Add($"{table.Name.Name} {await database.ScalarAsync<string>($"SELECT count(*) || ' ' || coalesce(sum(hashtextextended(({string.Join(" || '|' || ", columns.Select(c => $"coalesce({c}::text, '')"))}), 0)), 0) FROM {table.Name.Sql} WHERE {owner}::text <> '{user}'")}");
        }

        return string.Join('\n', sums);
    }

    /// <summary>Rows that still hold the user's id in a column with a foreign key to users, or in one of those that the deployment knows to hold it without.</summary>
    private static async Task<long> LeftAsync(TestDatabase database, int user)
    {
        var columns = (await database.CatalogAsync()).ForeignKeys.Where(f => f.ReferencedTable.Name == "users").Select(f => (Table: f.Table.Name, Column: f.Columns.Single()))
            .Concat([("audit_events", "actor_id"), ("search_queries", "user_id"), ("opentelemetry_traces", "user_id"), ("agent_memory", "external_user_id"), ("api_request_logs", "user_ref")]);
        return await database.ScalarAsync<long>($"SELECT sum(n)::bigint FROM ({string.Join(" UNION ALL ", columns.Select(c => $"SELECT count(*) AS n FROM {c.Item1} WHERE {c.Item2}::text = '{user}'"))}) counts");
    }
}
