using System.Collections.Immutable;
using System.Text.Json;
using Expunge.Subjects;

namespace Expunge.Server.Api;

/// <summary>Reads <c>user_ids</c>: JSON integers where the root's key is an integer, strings where it is not. Nothing is converted: <c>"7"</c> and <c>7.0</c> may be somebody's mistake.</summary>
internal static class UserIds
{
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.BadId"/>: something is not an id; the message says which.</exception>
    public static ImmutableArray<string> Read(JsonElement ids, SubjectTable table, int most)
    {
        if (ids.ValueKind != JsonValueKind.Array) throw Bad("'user_ids' must be a list.");
        if (ids.GetArrayLength() > most) throw Bad($"'user_ids' has {ids.GetArrayLength()} ids; a request may have {most}.");
        var integers = AreIntegers(table);
        var keys = ImmutableArray.CreateBuilder<string>(ids.GetArrayLength());
        foreach (var id in ids.EnumerateArray())
        {
            keys.Add(integers switch
            {
                true when id.ValueKind == JsonValueKind.Number && id.TryGetInt64(out var key) && id.GetRawText() == $"{key}" => $"{key}",
                false when id.ValueKind == JsonValueKind.String && Text(id) is { Length: > 0 } text => text,
                _ => throw Bad($"'user_ids[{keys.Count}]' is not an id: the key of {table.Root} is {table.Key.Type}, so ids are {(integers ? "JSON integers of 64 bits" : "JSON strings")}."),
            });
        }

        return keys.MoveToImmutable();
    }

    /// <summary>The text, or null where it is none: half of a surrogate pair, or bytes that are not UTF-8.</summary>
    private static string? Text(JsonElement id)
    {
        try
        {
            return id.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Whether ids are JSON integers.</summary>
    public static bool AreIntegers(SubjectTable table) => table.Key.Type is "smallint" or "integer" or "bigint";

    private static ExpungeException Bad(string what) => new(ErrorCodes.BadId, what, "Correct the request. Nothing was changed.");
}
