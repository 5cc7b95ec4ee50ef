using Npgsql;
using ZivoHealth;

namespace Expunge.Cli.Demo;

/// <summary>The original document, told in acts on a real server. Every act checks what it claims.</summary>
internal sealed class DemoStory(DemoShell shell, string directory)
{
    // The document's own statements, word for word.
    public const string InsertUser = "INSERT INTO users (email, hashed_password, is_active) VALUES ('test_cascade_delete@example.com', '$2b$12$test', true) RETURNING id";
    public const string InsertVitals = "INSERT INTO vitals_daily_aggregates (user_id, date) VALUES (12345, '2025-10-20')";
    public const string InsertNutrition = "INSERT INTO nutrition_daily_aggregates (user_id, date) VALUES (12345, '2025-10-20')";
    private const string CountVitals = "SELECT COUNT(*) FROM vitals_daily_aggregates WHERE user_id = 12345";
    private const string CountNutrition = "SELECT COUNT(*) FROM nutrition_daily_aggregates WHERE user_id = 12345";
    private const string DeleteUser = "DELETE FROM users WHERE id = 12345";

    private List<string> _before = [];

    public async Task TellAsync(CancellationToken cancellation)
    {
        await using var connection = await shell.OpenAsync(cancellation);
        await OriginalAsync(connection, cancellation);
        await PlanAsync(cancellation);
        await UpgradeAsync(connection, cancellation);
        await VerifyAsync(cancellation);
        await DeleteAsync(connection, cancellation);
        await DowngradeAsync(connection, cancellation);
    }

    private async Task OriginalAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        shell.Act("① The original way: a hard-coded list of tables and constraint names, in one transaction");
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var printed = await OriginalMigration.RunAsync(connection, transaction, cancellation);
        foreach (var line in printed.Take(4).Append($"  … {printed.Count - 6} more lines …").Concat(printed.TakeLast(2))) DemoShell.Say(line);
        DemoShell.Say("\nIt says success. Now a user like a real one, and the document's DELETE:");
        Expect(await DemoShell.SqlAsync(connection, InsertUser, cancellation), 12345, "the id of the new user");
        foreach (var sql in OriginalMigration.RealUserRows.Prepend(InsertNutrition).Prepend(InsertVitals)) await DemoShell.SqlAsync(connection, sql, cancellation);
        try
        {
            await DemoShell.SqlAsync(connection, DeleteUser, cancellation);
            throw new DemoFailure("The original migration was expected to leave the user undeletable.");
        }
        catch (PostgresException e) when (e.SqlState == "23503")
        {
            DemoShell.Say($"ERROR:  {e.MessageText}");
        }

        await transaction.RollbackAsync(cancellation);
        DemoShell.Say("ROLLBACK: everything of this act is undone.");
        await DemoShell.NextUserAsync(connection, 12345, cancellation);
    }

    private async Task PlanAsync(CancellationToken cancellation)
    {
        shell.Act("② What stands in the way, and what is shared");
        await shell.ExpungeAsync("init --root public.users --config suggested.yaml", 5, 5, cancellation: cancellation);
        var suggested = await File.ReadAllLinesAsync(Path.Combine(directory, "suggested.yaml"), cancellation);
        var review = suggested.Where(l => l.Contains("# review", StringComparison.Ordinal) && !l.Contains("(0 rows", StringComparison.Ordinal)).ToList();
        DemoShell.Say("Where rows belong to two users today, it suggests:");
        foreach (var line in review.Take(12)) DemoShell.Say(line);
        DemoShell.Say("\nZivoHealth has reviewed its own policy, expunge.yaml, revision 067:");
        await shell.ExpungeAsync("plan", 9, 32, cancellation: cancellation);
    }

    private async Task UpgradeAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        shell.Act("③ Back up, then fix the constraints, while the application goes on");
        var (exitCode, errors) = await shell.ExpungeAsync("backup before_067.dump", 2, 2, expected: null, cancellation: cancellation);
        if (exitCode != ExitCodes.Ok) DemoShell.Say($"skipped: {errors.Trim().TrimStart('❌', ' ')}\n");
        _before = await DefinitionsAsync(connection, cancellation);
        await shell.ExpungeAsync("upgrade head --yes", 10, 6, cancellation: cancellation);
    }

    private async Task VerifyAsync(CancellationToken cancellation)
    {
        shell.Act("④ Verify: every reference against the policy");
        await shell.ExpungeAsync("verify", 6, 29, cancellation: cancellation);
    }

    private async Task DeleteAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        shell.Act("⑤ The document's test: create a user, add data, delete, nothing left");
        var others = await OthersAsync(connection, cancellation);
        Expect(await DemoShell.SqlAsync(connection, InsertUser, cancellation), 12345, "the id of the new user");
        await DemoShell.SqlAsync(connection, InsertVitals, cancellation);
        await DemoShell.SqlAsync(connection, InsertNutrition, cancellation);
        Expect(await DemoShell.SqlAsync(connection, CountVitals, cancellation), 1, "the test row");
        Expect(await DemoShell.SqlAsync(connection, CountNutrition, cancellation), 1, "the test row");
        Expect(await DemoShell.SqlAsync(connection, DeleteUser, cancellation), 1, "the deleted user");
        Expect(await DemoShell.SqlAsync(connection, CountVitals, cancellation), 0, "what is left");
        Expect(await DemoShell.SqlAsync(connection, CountNutrition, cancellation), 0, "what is left");
        if (!others.SequenceEqual(await OthersAsync(connection, cancellation))) throw new DemoFailure("Rows of other users changed.");
        DemoShell.Say($"The rows of everybody else: unchanged, all {others.Count} tables compared.\n");

        DemoShell.Say($"Now a doctor (user {SampleData.Doctor}), who wrote into other people's records:");
        var recorded = $"SELECT COUNT(*) FROM patient_health_records WHERE recorded_by = {SampleData.Doctor} AND user_id <> {SampleData.Doctor}";
        var patients = "SELECT COUNT(*) FROM patient_health_records";
        var own = await DemoShell.SqlAsync(connection, $"SELECT COUNT(*) FROM patient_health_records WHERE user_id = {SampleData.Doctor}", cancellation);
        Expect(await DemoShell.SqlAsync(connection, recorded, cancellation) > 0, "the doctor has recorded something");
        var all = await DemoShell.SqlAsync(connection, patients, cancellation);
        await shell.ExpungeAsync($"delete {SampleData.Doctor} --yes", 12, 2, cancellation: cancellation);
        Expect(await DemoShell.SqlAsync(connection, patients, cancellation), all - own, "the patients' records");
        Expect(await DemoShell.SqlAsync(connection, recorded, cancellation), 0, "what still names the doctor");
        DemoShell.Say("The patients keep their records; the doctor's name is gone from them.");
    }

    private async Task DowngradeAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        shell.Act("⑥ The way back, to the letter; and forth again");
        var upgraded = await DefinitionsAsync(connection, cancellation);
        await shell.ExpungeAsync("downgrade -1 --yes", 3, 3, cancellation: cancellation);
        Same(_before, await DefinitionsAsync(connection, cancellation), "before the upgrade");
        await shell.ExpungeAsync("upgrade head --yes", 3, 2, cancellation: cancellation);
        Same(upgraded, await DefinitionsAsync(connection, cancellation), "after the first upgrade");
        await shell.ExpungeAsync("upgrade head --yes", 2, 1, cancellation: cancellation);
        await shell.ExpungeAsync("history", 5, 5, cancellation: cancellation);
    }

    private static void Same(List<string> expected, List<string> actual, string when)
    {
        var differing = expected.Except(actual).Concat(actual.Except(expected)).ToList();
        if (differing.Count > 0) throw new DemoFailure($"{differing.Count} definitions differ from those {when}, such as: {differing[0]}");
        DemoShell.Say($"pg_get_constraintdef and pg_get_indexdef of all {actual.Count} constraints and indexes: identical to {when}.\n");
    }

    private static Task<List<string>> DefinitionsAsync(NpgsqlConnection connection, CancellationToken cancellation) => TextsAsync(
        connection,
        """
        SELECT format('%s %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid), obj_description(oid, 'pg_constraint')) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = 'public'::regnamespace
        ORDER BY 1
        """,
        cancellation);

    /// <summary>A fingerprint of each table that names users, without user 12345's rows.</summary>
    private static async Task<List<string>> OthersAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var tables = await TextsAsync(
            connection,
            "SELECT format('%I.%I', a.attrelid::regclass, a.attname) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE a.attname = 'user_id' AND c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace ORDER BY 1",
            cancellation);
        var prints = new List<string>();
        foreach (var parts in tables.Select(t => t.Split('.')))
        {
            prints.AddRange(await TextsAsync(
                connection, $"SELECT '{parts[0]} ' || count(*) || ' ' || coalesce(sum(hashtext(t::text)::bigint), 0) FROM {parts[0]} t WHERE t.{parts[1]} IS DISTINCT FROM 12345", cancellation));
        }

        return prints;
    }

    private static async Task<List<string>> TextsAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var texts = new List<string>();
        while (await reader.ReadAsync(cancellation)) texts.Add(reader.GetString(0));
        return texts;
    }

    public static void Expect(long actual, long expected, string what) => Expect(actual == expected, $"{what}: {expected} expected, {actual} found");

    private static void Expect(bool holds, string what)
    {
        if (!holds) throw new DemoFailure($"Not as the story says: {what}.");
    }
}
