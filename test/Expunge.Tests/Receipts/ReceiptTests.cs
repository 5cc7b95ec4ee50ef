using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Expunge.Deletion;
using Expunge.Receipts;
using Expunge.Testing;
using Xunit;

namespace Expunge.Tests.Receipts;

/// <summary>Receipts as they are sealed: with the final state, of what was done, without personal data.</summary>
public sealed class ReceiptTests
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_receipt_says_who_asked_when_and_what_was_deleted_and_is_signed()
    {
        await using var database = await ReceiptDatabase.CreateAsync();

        var receipt = await database.SealedAsync(TestKeys.Known, "1000", "1001", "424242");
        var job = await Deletions.ReadAsync(database.Database, 1, Cancellation);
        var document = JsonNode.Parse(receipt.ToString())!.AsObject();

        Assert.Equal(ReceiptVerdict.Valid, ReceiptVerifier.Verify(receipt, TestKeys.Known.PublicKey).Verdict);
        Assert.Equal((1L, "public.users", "completed", 2L, TestKeys.Known.PublicKey.Id), (receipt.Deletion, receipt.Root, receipt.State, receipt.Deleted, receipt.KeyId));
        Assert.Equal(["the office", "signed", job.Method], new[] { "requestedBy", "seal", "counting" }.Select(n => $"{document[n]}"));
        Assert.Equal(job.Lines.Select(l => (l.Table, l.Deleted, l.Updated, l.Path)), document["tables"]!.AsArray().Select(t => ($"{t!["table"]}", (long)t["deleted"]!, (long)t["updated"]!, $"{t["path"]}")));
        Assert.Equal((job.TotalDeleted, 0L), ((long)document["totals"]!["deleted"]!, (long)document["totals"]!["updated"]!));
        Assert.Equal("""{"cancelled":0,"deleted":2,"failed":0,"notFound":1,"requested":3,"unmarked":0}""", document["subjects"]!.ToJsonString());
        Assert.Equal([job.CreatedAt, job.StartedAt!.Value, job.FinishedAt!.Value], new[] { "requestedAt", "startedAt", "finishedAt" }.Select(n => DateTimeOffset.Parse($"{document[n]}")));
        Assert.All(new[] { "requestedAt", "startedAt", "finishedAt" }, n => Assert.EndsWith("Z", $"{document[n]}", StringComparison.Ordinal));
        Assert.Equal("""{"referencesSearched":0,"rowsLeft":0}""", document["residual"]!.ToJsonString());
        Assert.Equal(await database.ScalarAsync<string>("SELECT policy_hash || schema_hash FROM expunge.deletion"), $"{document["policyHash"]}{document["schemaHash"]}");
        Assert.Equal(
            await database.ScalarAsync<string>("SELECT concat_ws(' ', current_database(), current_setting('server_version'), system_identifier) FROM pg_control_system()"),
            $"{document["database"]!["name"]} {document["database"]!["serverVersion"]} {document["database"]!["systemIdentifier"]}");
    }

    [Fact]
    public async Task Each_subject_is_in_it_with_its_outcome_and_found_by_its_key_alone()
    {
        await using var database = await ReceiptDatabase.CreateAsync(ReceiptDatabase.KeepsOne);

        var receipt = await database.SealedAsync(TestKeys.Known, "1000", "1001", "424242");

        Assert.Equal(["deleted", "failed", "not found", null], new[] { "1000", "1001", "424242", "7" }.Select(id => receipt.FindSubject(TestKeys.Known, id).Outcome));
        Assert.Null(receipt.FindSubject(TestKeys.Another, "1000").Outcome);
        var hashes = Hashes(receipt);
        Assert.Equal(3, hashes.Count);
        Assert.Equal(hashes.Order(StringComparer.Ordinal), hashes);
    }

    [Fact]
    public async Task The_same_subject_has_the_same_hash_in_two_receipts_and_another_under_another_root()
    {
        await using var database = await ReceiptDatabase.CreateAsync();
        await using var elsewhere = new TestDatabase(await TestServer.EmptyAsync());
        await elsewhere.ExecuteAsync("CREATE TABLE accounts (id bigint PRIMARY KEY); INSERT INTO accounts VALUES (1000);");
        var accounts = new Expunge.Policy.PolicyFile { Root = new("public", "accounts") };
        var (job, _) = await Deletions.CreateAsync(elsewhere.Database, accounts, new DeletionRequest { Ids = new[] { "1000" }.ToAsyncEnumerable() }, Cancellation);
        await DeletionRunner.RunAsync(elsewhere.Database, accounts, job.Id, new DeletionOptions { SigningKey = TestKeys.Known }, Cancellation);

        var first = Hashes(await database.SealedAsync(TestKeys.Known, "1000"));
        var second = Hashes(await database.SealedAsync(TestKeys.Known, "1000", "1001"));

        Assert.Contains(first.Single(), second);
        Assert.NotEqual(first, Hashes(await elsewhere.ReceiptAsync(job.Id)));
        Assert.NotEqual(first, Hashes(await database.SealedAsync(TestKeys.Another, "1000")));
    }

    [Fact]
    public async Task Of_more_than_a_thousand_it_holds_the_digest_that_anybody_can_compute_from_the_table()
    {
        await using var database = await ReceiptDatabase.CreateAsync();

        var receipt = await database.SealedAsync(TestKeys.Known, [.. Enumerable.Range(1000, 1500).Select(n => $"{n}"), "424242"]);

        var hashes = JsonNode.Parse(receipt.ToString())!["subjectHashes"]!;
        var lines = await database.ScalarAsync<string[]>("SELECT array_agg(l ORDER BY l COLLATE \"C\") FROM (SELECT encode(hash, 'hex') || ' ' || state || E'\\n' AS l FROM expunge.deletion_subject) s");
        Assert.Equal((1501L, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(lines))))), ((long)hashes["count"]!, $"{hashes["digest"]}"));
        Assert.Contains($"{Convert.ToHexStringLower(TestKeys.Known.HashSubject(new("public", "users"), "1234"))} deleted\n", lines);
        Assert.Null(hashes["list"]);
        Assert.False(receipt.FindSubject(TestKeys.Known, "1234").IsListed);
    }

    [Fact]
    public async Task A_thousand_are_listed()
    {
        await using var database = await ReceiptDatabase.CreateAsync();

        var receipt = await database.SealedAsync(TestKeys.Known, [.. Enumerable.Range(1000, 1000).Select(n => $"{n}")]);

        Assert.Equal(1000, Hashes(receipt).Count);
        Assert.Equal("deleted", receipt.FindSubject(TestKeys.Known, "1999").Outcome);
    }

    [Fact]
    public async Task Without_a_key_it_is_unsigned_and_holds_no_subjects()
    {
        await using var database = await ReceiptDatabase.CreateAsync();

        var receipt = await database.SealedAsync(null, "1000");
        var document = JsonNode.Parse(receipt.ToString())!.AsObject();

        Assert.Equal((ReceiptVerdict.Unsigned, null), ReceiptVerifier.Verify(receipt, null));
        Assert.Equal("unsigned", $"{document["seal"]}");
        Assert.True(document.ContainsKey("signature") && document["signature"] is null && document["subjectHashes"] is null);
        Assert.Equal(1, (long)document["subjects"]!["deleted"]!);
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM expunge.deletion_subject WHERE hash IS NOT NULL"));
    }

    [Fact]
    public async Task Neither_the_receipt_nor_the_tables_hold_personal_data_or_the_secret()
    {
        await using var database = await ReceiptDatabase.CreateAsync(ReceiptDatabase.KeepsOne);
        await database.SealedAsync(TestKeys.Known, [.. Enumerable.Range(1000, 3).Select(n => $"{n}")]);
        Assert.Contains("1001@example.com stays", await database.OursAsync(), StringComparison.Ordinal);
        await Deletions.CancelAsync(database.Database, 1, TestKeys.Known, cancellation: Cancellation);

        var ours = await database.OursAsync();
        var receipt = await database.ReceiptAsync(1);

        Assert.DoesNotContain("@example.com", ours, StringComparison.Ordinal);
        Assert.DoesNotContain("Anna", ours, StringComparison.Ordinal);
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM expunge.deletion_subject WHERE key IS NOT NULL"));
        // The rest of a PEM's lines is the public key.
        Assert.DoesNotContain(TestKeys.Pem.Split('\n')[1][30..], ours, StringComparison.Ordinal);
        Assert.DoesNotContain("PRIVATE", ours, StringComparison.Ordinal);
        Assert.Contains(receipt.ToString(), await database.ScalarAsync<string>("SELECT receipt FROM expunge.deletion"), StringComparison.Ordinal);
        Assert.DoesNotMatch("\"100[0-2]\"", receipt.ToString());
    }

    [Fact]
    public async Task A_role_that_may_not_ask_for_the_system_identifier_seals_without_it()
    {
        await using var database = await ReceiptDatabase.CreateAsync();
        await database.ExecuteAsync(
            """
            REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC;
            DO $$ BEGIN CREATE ROLE receipts_plain LOGIN PASSWORD 'plain'; EXCEPTION WHEN duplicate_object THEN END $$;
            """);
        await database.ExecuteAsync("DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO receipts_plain', current_database()); END $$; GRANT USAGE, CREATE ON SCHEMA expunge TO receipts_plain; GRANT SELECT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO receipts_plain;");
        await using var plain = new TestDatabase(new Npgsql.NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = "receipts_plain", Password = "plain" }.ConnectionString);

        var receipt = await plain.SealedAsync(TestKeys.Known, "1000");

        Assert.Equal(ReceiptVerdict.Valid, ReceiptVerifier.Verify(receipt, TestKeys.Known.PublicKey).Verdict);
        Assert.Equal(["name", "serverVersion"], JsonNode.Parse(receipt.ToString())!["database"]!.AsObject().Select(m => m.Key));
    }

    private static List<string> Hashes(Receipt receipt) => [.. JsonNode.Parse(receipt.ToString())!["subjectHashes"]!["list"]!.AsArray().Select(e => $"{e!["hash"]}")];
}
