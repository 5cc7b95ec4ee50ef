using System.Collections.Immutable;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Rehearsing;

/// <summary>What a downgrade must restore to the letter: every constraint, with its state and comment, and every index; a line each, Expunge's own schema left out.</summary>
public static class Definitions
{
    /// <summary>Reads them, in the order of their text.</summary>
    /// <param name="connection">An open connection that is in no transaction.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <exception cref="NpgsqlException">The server refused it or the connection broke.</exception>
    public static async Task<ImmutableArray<string>> ReadAsync(NpgsqlConnection connection, CancellationToken cancellation = default)
    {
        // So that every name is written with its schema.
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await connection.ExecuteAsync("SET LOCAL search_path = pg_catalog", cancellation);
        return [.. (await connection.ListAsync(SqlFile.Read("definitions.sql"), r => r.GetString(0), cancellation)).Order(StringComparer.Ordinal)];
    }

    /// <summary>The lines that one has and the other has not, with <c>-</c> and <c>+</c>; none when both are the same. Pure.</summary>
    /// <param name="before">As it was.</param>
    /// <param name="after">As it is.</param>
    public static IEnumerable<string> Difference(IEnumerable<string> before, IEnumerable<string> after)
    {
        var (a, b) = (before.ToList(), after.ToList());
        return a.Except(b).Select(l => $"- {l}").Concat(b.Except(a).Select(l => $"+ {l}"));
    }
}
