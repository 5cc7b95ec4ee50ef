using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Probing;

/// <summary>Deletes the test user as a deletion deletes a real one, under a savepoint.</summary>
internal sealed class VictimDeletion(NpgsqlConnection connection, Decisions decisions, bool takesBack)
{
    /// <summary>The constraints that were made to wait while the rows were made, as SQL; empty for none.</summary>
    public string Deferred { get; init; } = "";

    /// <summary>Deletes the victim as a deletion does.</summary>
    /// <returns>Null when it is done; why it was refused otherwise: empty where it is by <paramref name="blocker"/>.</returns>
    public async Task<string?> RunAsync(ProbeRow victim, CancellationToken cancellation, Decision? blocker = null)
    {
        var inOrder = false;
        while (true)
        {
            await connection.ExecuteAsync("SAVEPOINT expunge_delete", cancellation);
            try
            {
                if (Deferred.Length > 0) await connection.ExecuteAsync($"SET CONSTRAINTS {Deferred} IMMEDIATE", cancellation);
                var batch = new SubjectBatch(connection, decisions) { TakesBack = takesBack };
                if (await batch.DeleteFoundAsync([victim.Values[decisions.Reach.Root.PrimaryKey.Single()]!], inOrder, cancellation) is not null) return null;
            }
            catch (PostgresException e) when (!SqlStates.IsServerTrouble(e.SqlState))
            {
                // Somebody else's lock, such as one that a trigger waits for, says nothing of the user.
                if (e.SqlState is SqlStates.LockNotAvailable or SqlStates.DeadlockDetected or SqlStates.SerializationFailure) throw;
                // Npgsql closes the connection on an internal error, such as the one of a foreign key whose query a rule has rewritten.
                if (connection.State != System.Data.ConnectionState.Open) throw Refusal.Of(e, ErrorCodes.ProbeFailed, "the deletion of the test user", "Everything was rolled back");
                if (inOrder || e.SqlState is not (SqlStates.ForeignKeyViolation or SqlStates.RestrictViolation) || !decisions.All.Any(d => InOrder.CanMatter(decisions, d.Reference.Table)))
                {
                    await connection.ExecuteAsync("ROLLBACK TO SAVEPOINT expunge_delete", cancellation);
                    return blocker is not null && await IsByAsync(blocker, e, cancellation) ? "" : Deleter.Refused(e, decisions).Message;
                }
            }
            catch (ExpungeException e)
            {
                await connection.ExecuteAsync("ROLLBACK TO SAVEPOINT expunge_delete", cancellation);
                return e.Message;
            }

            await connection.ExecuteAsync("ROLLBACK TO SAVEPOINT expunge_delete", cancellation);
            inOrder = true;
        }
    }

    // A partition's constraint has a name of its own.
    private Task<bool> IsByAsync(Decision blocker, PostgresException e, CancellationToken cancellation) => connection.ScalarAsync<bool>(
        """
        WITH RECURSIVE up AS (
          SELECT c.oid, c.conparentid FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_class t ON t.oid = c.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
           WHERE n.nspname = $1 AND t.relname = $2 AND c.conname = $3
          UNION ALL SELECT c.oid, c.conparentid FROM up JOIN pg_catalog.pg_constraint c ON c.oid = up.conparentid)
        SELECT EXISTS (SELECT FROM up WHERE oid = ANY ($4))
        """,
        cancellation, e.SchemaName, e.TableName, e.ConstraintName, Commands.Oids(blocker.Reference.Constraints.Select(f => f.Oid)));
}
