using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Receipts;

/// <summary>The keyed hashes that take the place of a deletion's keys. The key of the hashes never reaches the database, so they are made here, some at a time.</summary>
internal static class SubjectHashes
{
    /// <summary>A receipt lists that many; of more it holds a digest.</summary>
    public const int MostListed = 1000;

    private const int Page = 5000;

    /// <summary>The hashes of some keys; of none where there is no key.</summary>
    public static byte[]?[] Of(SigningKey? key, QualifiedName root, IReadOnlyList<string> ids) => [.. ids.Select(id => key?.HashSubject(root, id))];

    /// <summary>Hashes every subject of a deletion whose key is still there: before it is erased, or because it stays (of one that failed).</summary>
    public static async Task WriteAsync(NpgsqlConnection connection, long deletion, SigningKey key, CancellationToken cancellation)
    {
        var root = QualifiedName.Parse(await connection.ScalarAsync<string>("SELECT root FROM expunge.deletion WHERE id = $1", cancellation, deletion));
        for (var place = long.MinValue; ;)
        {
            var rows = await connection.ListAsync(
                "SELECT place, key FROM expunge.deletion_subject WHERE deletion_id = $1 AND place > $2 AND key IS NOT NULL ORDER BY place LIMIT $3",
                r => (Place: r.GetInt64(0), Key: r.GetString(1)), cancellation, deletion, place, Page);
            if (rows.Count == 0) return;
            place = rows[^1].Place;
            await connection.ExecuteAsync(
                """
                UPDATE expunge.deletion_subject s SET hash = r.hash, hash_key = $4 FROM unnest($2::bigint[], $3::bytea[]) AS r (place, hash)
                 WHERE s.deletion_id = $1 AND s.place = ANY ($2) AND s.place = r.place AND (s.hash, s.hash_key) IS DISTINCT FROM (r.hash, $4)
                """,
                cancellation, deletion, rows.Select(r => r.Place).ToArray(), rows.Select(r => key.HashSubject(root, r.Key)).ToArray(), key.PublicKey.ShortId);
        }
    }

    /// <summary>The hashes by this key as a receipt holds them: listed, or where they are many the SHA-256 of their lines. However many they are, few are in memory.</summary>
    public static async Task<JsonObject> ReadAsync(NpgsqlConnection connection, long deletion, SigningKey key, CancellationToken cancellation)
    {
        // Of a deletion that was begun under another key, the subjects that were deleted then are not among them.
        var count = await connection.ScalarAsync<long>("SELECT count(*) FROM expunge.deletion_subject WHERE deletion_id = $1 AND hash_key = $2", cancellation, deletion, key.PublicKey.ShortId);
        var document = new JsonObject { ["algorithm"] = "HMAC-SHA256", ["count"] = count };
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var list = new JsonArray();
        await using var command = new NpgsqlCommand("SELECT encode(hash, 'hex'), state FROM expunge.deletion_subject WHERE deletion_id = $1 AND hash_key = $2 ORDER BY hash", connection)
        {
            Parameters = { new() { Value = deletion }, new() { Value = key.PublicKey.ShortId } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            var (hash, outcome) = (reader.GetString(0), reader.GetString(1));
            if (count <= MostListed) list.Add((JsonNode)new JsonObject { ["hash"] = hash, ["outcome"] = outcome });
            else digest.AppendData(Encoding.ASCII.GetBytes($"{hash} {outcome}\n"));
        }

        if (count <= MostListed) document["list"] = list;
        else document["digest"] = Convert.ToHexStringLower(digest.GetHashAndReset());
        return document;
    }
}
