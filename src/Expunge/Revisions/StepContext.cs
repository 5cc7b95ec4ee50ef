using Npgsql;

namespace Expunge.Revisions;

/// <summary>What a step works with.</summary>
/// <param name="Connection">A maintenance connection of its own.</param>
/// <param name="Journal">Where it writes down what it changes, in the transaction that changes it.</param>
/// <param name="Locks">How patiently it waits.</param>
/// <param name="Waiting">Told whom it waits for, once a round of tries.</param>
internal sealed record StepContext(NpgsqlConnection Connection, RevisionJournal Journal, LockOptions Locks, Action<string> Waiting);
