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

    /// <summary>The keys in PostgreSQL's own spelling (<c>007</c> is <c>7</c>), without duplicates, in the given order.</summary>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.BadId"/>: one is not of the type.</exception>
    public static async Task<ImmutableArray<string>> ReadAsync(NpgsqlConnection connection, Table root, IEnumerable<string> ids, CancellationToken cancellation)
    {
        var type = Column(root).Type;
        var keys = ImmutableArray.CreateBuilder<string>();
        foreach (var id in ids)
        {
            try
            {
                keys.Add(await connection.ScalarAsync<string>($"SELECT $1::text::{type}::text", cancellation, id));
            }
            catch (PostgresException e) when (e.SqlState.StartsWith("22", StringComparison.Ordinal))
            {
                throw new ExpungeException(ErrorCodes.BadId, $"'{id}' is no key of {root}: the key is {type}.", "Correct it; nothing was deleted.", e);
            }
        }

        return [.. keys.Distinct(StringComparer.Ordinal)];
    }
}
