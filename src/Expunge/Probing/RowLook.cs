using Expunge.Postgres;
using Npgsql;

namespace Expunge.Probing;

/// <summary>Looks at each row after the deletion.</summary>
internal static class RowLook
{
    /// <summary>What is wrong with each row after the deletion; null where nothing is.</summary>
    public static async Task<Dictionary<ProbeRow, string?>> LookAsync(NpgsqlConnection connection, IEnumerable<Expectation> expected, CancellationToken cancellation)
    {
        var actual = new Dictionary<ProbeRow, string?>();
        foreach (var e in expected)
        {
            var key = e.Row.Table.PrimaryKey;
            // Without a key a row is known by all that nothing was to change.
            var by = key.IsEmpty ? [.. e.Row.Values.Keys.Except(e.Changed)] : key;
            var where = string.Join(" AND ", by.Select((c, i) => key.IsEmpty ? $"t.{Identifier.Quote(c)}::text IS NOT DISTINCT FROM ${i + 1}::text" : $"t.{Identifier.Quote(c)} = ${i + 1}::text::{e.Row.Table.Column(c)!.Type}"));
            var values = e.Changed.IsEmpty ? "'{}'::text[]" : $"ARRAY[{string.Join(", ", e.Changed.Select(c => $"t.{Identifier.Quote(c)}::text"))}]";
            var found = await connection.ListAsync($"SELECT {values} FROM {e.Row.Table.Name.Sql} t WHERE {where} LIMIT 1", r => r.GetFieldValue<string?[]>(0), cancellation, [.. by.Select(c => (object?)e.Row.Values[c])]);
            actual[e.Row] = (e.IsGone, found) switch
            {
                (true, []) => null,
                (true, _) => "is left",
                (false, []) => "is gone, and was to stay",
                (false, [var now]) when e.Changed.Zip(now).Any(c => c.Second is not null && c.Second == e.Row.Values[c.First]) => "still refers to the deleted user",
                _ => null,
            };
        }

        return actual;
    }
}
