using Expunge.Deletion;
using Expunge.Receipts;
using Expunge.Tests.Revisions;

namespace Expunge.Tests.Receipts;

/// <summary>A blog whose users have addresses, upgraded, and deletions of them.</summary>
internal static class ReceiptDatabase
{
    public static async Task<TestDatabase> CreateAsync(string more = "")
    {
        var database = await Blog.CreateAsync(
            $"""
            ALTER TABLE users ADD email text;
            INSERT INTO users (id, name, email) SELECT n, 'Anna ' || n, n || '@example.com' FROM generate_series(1000, 2999) n;
            INSERT INTO posts (id, user_id) SELECT n, 1000 + n % 2000 FROM generate_series(10000, 13999) n;
            {more}
            """);
        await database.UpgradeAsync(Blog.Policy);
        return database;
    }

    /// <summary>Keeps one user from being deleted, with words that tell who that is.</summary>
    public const string KeepsOne =
        """
        CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF OLD.id = 1001 THEN RAISE ''% stays'', OLD.email; END IF; RETURN OLD; END';
        CREATE TRIGGER keep BEFORE DELETE ON users FOR EACH ROW EXECUTE FUNCTION keep();
        """;

    public static async Task<DeletionJob> AskAsync(this TestDatabase database, IEnumerable<string> ids) =>
        (await Deletions.CreateAsync(database.Database, Blog.Policy, new DeletionRequest { Ids = ids.ToAsyncEnumerable(), RequestedBy = "the office" })).Job;

    public static Task<DeletionJob> RunAsync(this TestDatabase database, DeletionJob job, SigningKey? key, Action<DeletionProgress>? progress = null) =>
        DeletionRunner.RunAsync(database.Database, Blog.Policy, job.Id, new DeletionOptions { SigningKey = key, Progress = progress is null ? null : new Told(progress) });

    public static async Task<Receipt> SealedAsync(this TestDatabase database, SigningKey? key, params string[] ids) => await database.ReceiptAsync((await database.RunAsync(await database.AskAsync(ids), key)).Id);

    public static async Task<Receipt> ReceiptAsync(this TestDatabase database, long deletion) => (await ReceiptStore.FindAsync(database.Database, deletion))!;

    /// <summary>All that Expunge keeps in the database, as text.</summary>
    public static Task<string> OursAsync(this TestDatabase database) => database.ScalarAsync<string>(
        "SELECT concat_ws(E'\\n', (SELECT string_agg(d::text, E'\\n') FROM expunge.deletion d), (SELECT string_agg(s::text, E'\\n') FROM expunge.deletion_subject s), (SELECT string_agg(r::text, E'\\n') FROM expunge.deletion_rows r))");
}
