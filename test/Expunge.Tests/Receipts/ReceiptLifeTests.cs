using System.Diagnostics;
using Expunge.Deletion;
using Expunge.Receipts;
using Expunge.Tests.Revisions;
using Xunit;

namespace Expunge.Tests.Receipts;

/// <summary>When receipts are sealed, removed and sealed anew.</summary>
public sealed class ReceiptLifeTests
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killed_between_the_last_batch_and_the_sealing_it_gets_its_receipt_from_the_next_run()
    {
        await using var database = await ReceiptDatabase.CreateAsync();
        var job = await database.AskAsync(Range(1000, 300));
        Assert.Equal(128 + 9, await KilledAsync(database, job.Id));
        var killed = await Deletions.ReadAsync(database.Database, job.Id, Cancellation);
        Assert.Equal((DeletionState.Running, 0L, 300L), (killed.State, killed.Subjects.Pending, killed.Subjects.Deleted));
        Assert.Null(await ReceiptStore.FindAsync(database.Database, job.Id, Cancellation));
        var early = await Assert.ThrowsAsync<ExpungeException>(() => ReceiptStore.GetAsync(database.Database, job.Id, TestKeys.Known, Cancellation));

        var done = await database.RunAsync(job, TestKeys.Known);
        var receipt = await database.ReceiptAsync(job.Id);

        Assert.Equal(ErrorCodes.DeletionState, early.Code);
        Assert.Equal((DeletionState.Completed, 300L, done.TotalDeleted), (done.State, receipt.Deleted, receipt.TotalDeleted));
        Assert.Equal(ReceiptVerdict.Valid, ReceiptVerifier.Verify(receipt, TestKeys.Known.PublicKey).Verdict);
        Assert.All(Range(1000, 300), id => Assert.Equal("deleted", receipt.FindSubject(TestKeys.Known, id).Outcome));
    }

    [Fact]
    public async Task The_final_state_and_the_receipt_are_committed_together_or_not_at_all()
    {
        await using var database = await ReceiptDatabase.CreateAsync();
        var job = await database.AskAsync(["1000"]);
        await database.ExecuteAsync("ALTER TABLE expunge.deletion ADD CONSTRAINT no_receipt CHECK (receipt IS NULL)");

        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => database.RunAsync(job, TestKeys.Known));
        Assert.Equal(DeletionState.Running, (await Deletions.ReadAsync(database.Database, job.Id, Cancellation)).State);

        await database.ExecuteAsync("ALTER TABLE expunge.deletion DROP CONSTRAINT no_receipt");
        Assert.Equal(DeletionState.Completed, (await database.RunAsync(job, TestKeys.Known)).State);
        Assert.Equal(1, (await database.ReceiptAsync(job.Id)).Deleted);
    }

    [Fact]
    public async Task One_that_is_cancelled_without_a_run_gets_its_receipt_there_with_its_subjects()
    {
        await using var database = await ReceiptDatabase.CreateAsync();
        var job = await database.AskAsync(["1000", "1001"]);

        await Deletions.CancelAsync(database.Database, job.Id, TestKeys.Known, cancellation: Cancellation);
        var receipt = await database.ReceiptAsync(job.Id);

        Assert.Equal(ReceiptVerdict.Valid, ReceiptVerifier.Verify(receipt, TestKeys.Known.PublicKey).Verdict);
        Assert.Equal(("cancelled", 0L, "cancelled"), (receipt.State, receipt.Deleted, receipt.FindSubject(TestKeys.Known, "1001").Outcome));
        Assert.Contains("\"startedAt\":null", receipt.ToString(), StringComparison.Ordinal);
        Assert.Contains("\"residual\":null", receipt.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, await KeysAsync(database));
    }

    [Fact]
    public async Task One_that_is_cancelled_in_the_middle_of_a_run_has_both_outcomes_in_its_receipt()
    {
        await using var database = await ReceiptDatabase.CreateAsync();
        var job = await database.AskAsync(Range(1000, 500));

        var cancelled = await database.RunAsync(job, TestKeys.Known, _ => Deletions.CancelAsync(database.Database, job.Id, TestKeys.Known, cancellation: Cancellation).Wait(Cancellation));
        var receipt = await database.ReceiptAsync(job.Id);

        Assert.Equal(("cancelled", cancelled.Subjects.Deleted), (receipt.State, receipt.Deleted));
        Assert.Equal(("deleted", "cancelled"), (receipt.FindSubject(TestKeys.Known, "1000").Outcome, receipt.FindSubject(TestKeys.Known, "1499").Outcome));
        Assert.Equal(0, await KeysAsync(database));
    }

    [Fact]
    public async Task A_retry_removes_the_receipt_and_seals_it_anew_at_its_end()
    {
        await using var database = await ReceiptDatabase.CreateAsync(ReceiptDatabase.KeepsOne);
        var first = await database.SealedAsync(TestKeys.Known, "1000", "1001");
        Assert.Equal(("failed", "failed"), (first.State, first.FindSubject(TestKeys.Known, "1001").Outcome));
        await database.ExecuteAsync("DROP TRIGGER keep ON users");

        var job = await Deletions.RetryAsync(database.Database, first.Deletion, cancellation: Cancellation);
        Assert.Null(await ReceiptStore.FindAsync(database.Database, first.Deletion, Cancellation));
        await database.RunAsync(job, TestKeys.Known);
        var second = await database.ReceiptAsync(first.Deletion);

        Assert.Equal(("completed", 2L, "deleted"), (second.State, second.Deleted, second.FindSubject(TestKeys.Known, "1001").Outcome));
        Assert.Equal(ReceiptVerdict.Valid, ReceiptVerifier.Verify(second, TestKeys.Known.PublicKey).Verdict);
    }

    [Fact]
    public async Task A_failed_one_is_given_up_and_who_failed_stays_counted_as_failed()
    {
        await using var database = await ReceiptDatabase.CreateAsync(ReceiptDatabase.KeepsOne);
        var failed = await database.SealedAsync(TestKeys.Known, "1000", "1001");

        var cancelled = await Deletions.CancelAsync(database.Database, failed.Deletion, TestKeys.Known, cancellation: Cancellation);
        var receipt = await database.ReceiptAsync(failed.Deletion);
        var failure = Assert.Single(await Deletions.FailuresAsync(database.Database, failed.Deletion, cancellation: Cancellation));

        Assert.Equal((DeletionState.Cancelled, 1L, 1L, null), (cancelled.State, cancelled.Subjects.Deleted, cancelled.Subjects.Failed, cancelled.Reason));
        Assert.Equal(("cancelled", "failed"), (receipt.State, receipt.FindSubject(TestKeys.Known, "1001").Outcome));
        Assert.Equal((null, "PostgreSQL refused the deletion.  [EXP2105]"), (failure.Key, failure.Reason));
        Assert.Equal(0, await KeysAsync(database));
        Assert.Equal(1, await database.ScalarAsync<long>("SELECT count(*) FROM users WHERE id = 1001"));
        Assert.Equal(ErrorCodes.DeletionState, (await Assert.ThrowsAsync<ExpungeException>(() => Deletions.RetryAsync(database.Database, failed.Deletion, cancellation: Cancellation))).Code);
        Assert.Equal(ErrorCodes.DeletionState, (await Assert.ThrowsAsync<ExpungeException>(() => Deletions.CancelAsync(database.Database, failed.Deletion, cancellation: Cancellation))).Code);
    }

    [Fact]
    public async Task Begun_with_one_key_and_ended_with_another_it_lists_the_subjects_of_the_one_that_signs()
    {
        await using var database = await ReceiptDatabase.CreateAsync();
        var job = await database.AskAsync(Range(1000, 500));
        await database.RunAsync(job, TestKeys.Another, _ => Deletions.PauseAsync(database.Database, job.Id, cancellation: Cancellation).Wait(Cancellation));
        var paused = await Deletions.ResumeAsync(database.Database, job.Id, cancellation: Cancellation);
        await database.RunAsync(job, TestKeys.Known);
        var receipt = await database.ReceiptAsync(job.Id);

        Assert.Equal(ReceiptVerdict.Valid, ReceiptVerifier.Verify(receipt, TestKeys.Known.PublicKey).Verdict);
        Assert.Equal(500, receipt.Deleted);
        Assert.Contains($"\"count\":{500 - paused.Subjects.Deleted},", receipt.ToString(), StringComparison.Ordinal);
        Assert.Equal((null, "deleted"), (receipt.FindSubject(TestKeys.Known, "1000").Outcome, receipt.FindSubject(TestKeys.Known, "1499").Outcome));
    }

    [Fact]
    public async Task One_that_is_over_and_has_none_gets_it_when_it_is_asked_for_and_then_keeps_it()
    {
        await using var database = await ReceiptDatabase.CreateAsync();
        await database.SealedAsync(TestKeys.Known, "1000");
        await database.ExecuteAsync("UPDATE expunge.deletion SET receipt = NULL");

        var receipt = await ReceiptStore.GetAsync(database.Database, 1, TestKeys.Known, Cancellation);

        Assert.Equal("deleted", receipt.FindSubject(TestKeys.Known, "1000").Outcome);
        Assert.Equal(receipt.ToString(), (await ReceiptStore.GetAsync(database.Database, 1, TestKeys.Another, Cancellation)).ToString());
        Assert.Equal(ErrorCodes.DeletionNotFound, (await Assert.ThrowsAsync<ExpungeException>(() => ReceiptStore.GetAsync(database.Database, 7, null, Cancellation))).Code);
    }

    [Fact]
    public async Task The_schema_hash_changes_with_the_foreign_keys_of_the_reach_and_with_no_others()
    {
        await using var database = await ReceiptDatabase.CreateAsync("CREATE TABLE apart (id int PRIMARY KEY, other int);");
        var first = Hash(await database.SealedAsync(null, "1000"));
        await database.ExecuteAsync("ALTER TABLE apart ADD FOREIGN KEY (other) REFERENCES apart");
        var same = Hash(await database.SealedAsync(null, "1001"));
        await database.ExecuteAsync("CREATE TABLE badges (user_id int PRIMARY KEY REFERENCES users ON DELETE CASCADE)");

        Assert.Equal(first, same);
        Assert.NotEqual(first, Hash(await database.SealedAsync(null, "1002")));

        static string Hash(Receipt receipt) => $"{System.Text.Json.Nodes.JsonNode.Parse(receipt.ToString())!["schemaHash"]}";
    }

    private static IEnumerable<string> Range(int first, int count) => Enumerable.Range(first, count).Select(n => $"{n}");

    private static Task<long> KeysAsync(TestDatabase database) => database.ScalarAsync<long>("SELECT count(*) FROM expunge.deletion_subject WHERE key IS NOT NULL");

    private static async Task<int> KilledAsync(TestDatabase database, long deletion)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Expunge.Tests.Host.dll"), "delete", $"{deletion}", database.ConnectionString, $"root: {Blog.Policy.Root}"]) { UseShellExecute = false };
        start.Environment["EXPUNGE_SIGNING_KEY"] = TestKeys.Pem;
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync(Cancellation);
        return process.ExitCode;
    }
}
