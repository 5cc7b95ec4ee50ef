using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Deletion;

/// <summary>The keys of subjects as the user gave them, read by PostgreSQL as the type of the root's key.</summary>
internal static class SubjectKeys
{
    /// <summary>The key column of the root.</summary>
    public static Column Column(Table root) => root.PrimaryKey is [var key]
        ? root.Column(key)!
        : throw new ExpungeException(ErrorCodes.RootNotFound, $"The key of {root} has {root.PrimaryKey.Length} columns; a subject is named by one.", "Deleting by a key of several columns is not supported yet.");

    /// <summary>The condition that a column holds one of the keys in <c>$1</c>. The keys are cast, never the column: its index serves.</summary>
    public static string In(Column column) => $"{Identifier.Quote(column.Name)} = ANY ($1::text[]::{column.Type}[])";

    /// <summary>Locks the subjects with one of the keys in <c>$1</c> and gives the keys of those that exist.</summary>
    /// <param name="root">The root.</param>
    /// <param name="key">Its key.</param>
    /// <param name="strength">Such as <c>UPDATE</c>.</param>
    /// <param name="condition">What must hold of the locked row <c>t</c>; null for nothing.</param>
    public static string Lock(QualifiedName root, Column key, string strength, string? condition = null)
    {
        // In the key's order, so that two don't deadlock. Without the t it would be the text's: a name in ORDER BY is the result's first.
        var column = $"t.{Identifier.Quote(key.Name)}";
        return $"SELECT {column}::text FROM {root.Sql} t WHERE {In(key)}{(condition is null ? "" : $" AND {condition}")} ORDER BY {column} FOR {strength}";
    }

    /// <summary>The keys in PostgreSQL's own spelling (<c>007</c> is <c>7</c>), without duplicates, in the given order.</summary>
    /// <param name="connection">A connection.</param>
    /// <param name="root">The root.</param>
    /// <param name="key">Its key.</param>
    /// <param name="ids">The keys.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <param name="lines">The number of the line that each id stands in; null where they are not from a file.</param>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.BadId"/>: one is not of the type.</exception>
    public static async Task<ImmutableArray<string>> ReadAsync(
        NpgsqlConnection connection, QualifiedName root, Column key, IEnumerable<string> ids, CancellationToken cancellation, IReadOnlyList<long>? lines = null)
    {
        var wanted = ids.ToArray();
        var first = 0;
        if (Array.FindIndex(wanted, id => !StoredText.CanHold(id)) is >= 0 and var never) throw Bad(root, key, wanted[never], lines?[never]);
        var (keys, error) = await TryReadAsync(connection, key, wanted, cancellation);
        if (keys is not null) return [.. keys.Distinct(StringComparer.Ordinal)];

        // The server doesn't say which one: halves find it in few round trips, however many they are.
        while (wanted.Length > 1)
        {
            var half = wanted[..(wanted.Length / 2)];
            var (read, e) = await TryReadAsync(connection, key, half, cancellation);
            (wanted, first, error) = read is null ? (half, first, e) : (wanted[half.Length..], first + half.Length, error);
        }

        throw Bad(root, key, wanted[0], lines?[first], error);
    }

    /// <summary>The refusal of an id that is not of the key's type.</summary>
    public static ExpungeException Bad(QualifiedName root, Column key, string id, long? line = null, Exception? cause = null) => new(
        ErrorCodes.BadId,
        (line is null ? "" : $"Line {line}: ") + (StoredText.CanHold(id) ? $"'{id}' is no key of {root}: the key is {key.Type}." : $"An id holds a NUL character or half a character, which no key of {root} can."),
        "Correct it; nothing was changed.", cause);

    private static async Task<(List<string>? Keys, PostgresException? Error)> TryReadAsync(NpgsqlConnection connection, Column key, string[] ids, CancellationToken cancellation)
    {
        try
        {
            return (await connection.ListAsync($"SELECT k.id::text FROM unnest($1::text[]::{key.Type}[]) WITH ORDINALITY AS k(id, n) ORDER BY k.n", r => r.GetString(0), cancellation, ids), null);
        }
        catch (PostgresException e) when (e.SqlState.StartsWith("22", StringComparison.Ordinal) || e.SqlState == SqlStates.CheckViolation)
        {
            // 22: data exceptions. The CHECK is a domain's.
            return (null, e);
        }
    }
}
