using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Revisions;

/// <summary>
/// Checks the existing rows of a table against a constraint that was added NOT VALID. Reads the whole table under locks that let the application read and write
/// (PostgreSQL docs, ALTER TABLE, VALIDATE CONSTRAINT).
/// </summary>
public sealed record ValidateStep : Step
{
    private readonly ForeignKey? _former;
    private readonly ImmutableArray<Table> _partitions;

    /// <param name="table">The table.</param>
    /// <param name="constraint">The constraint, as it is to be when it is validated.</param>
    /// <param name="partitions">The table's partitions.</param>
    /// <param name="former">The same, not validated, where no swap of this revision has journaled it.</param>
    internal ValidateStep(Table table, ForeignKey constraint, ImmutableArray<Table> partitions, ForeignKey? former = null) : base(table)
    {
        _partitions = partitions;
        Constraint = constraint;
        _former = former;
    }

    /// <summary>The constraint, as it is to be when it is validated.</summary>
    public ForeignKey Constraint { get; }

    /// <inheritdoc/>
    public override string Phase => "validate";

    /// <inheritdoc/>
    public override string Description => $"check existing rows against {Constraint.Name}";

    /// <inheritdoc/>
    public override ImmutableArray<string> Sql => [$"ALTER TABLE {Table.Name.Sql} VALIDATE CONSTRAINT {Identifier.Quote(Constraint.Name)}"];

    /// <inheritdoc/>
    public override ImmutableArray<StepLock> Locks =>
    [
        .. _partitions.Prepend(Table).Select(t => new StepLock(t.Name, "SHARE UPDATE EXCLUSIVE", HeldWhileScanning: true)),
        new(Constraint.ReferencedTable, "ROW SHARE", HeldWhileScanning: true),
    ];

    /// <inheritdoc/>
    public override string Undo => _former is null ? "nothing to undo" : "swap back to NOT VALID";

    /// <inheritdoc/>
    internal override async Task ExecuteAsync(StepContext context, CancellationToken cancellation)
    {
        var present = await CatalogReader.ReadForeignKeysAsync(context.Connection, Table.Oid, cancellation);
        // Under that name may be another one by now, which nobody asked to have validated.
        if (present.FirstOrDefault(f => f.Name == Constraint.Name) is not { } now || now.Clause != Constraint.Clause)
        {
            throw new ExpungeException(
                ErrorCodes.ConstraintChanged, $"constraint {Constraint.Name} on {Table} was changed by somebody else meanwhile",
                "Look at it (\\d in psql), then run the same command again: it plans anew.");
        }

        if (now.Validated) return;
        try
        {
            // Nobody who reads or writes waits for this lock, so it may stand in the queue for as long as the whole step may.
            await context.Connection.ExecuteAsync($"SET lock_timeout = {(int)context.Locks.MaxWait.TotalMilliseconds}", cancellation);
            await using var transaction = await context.Connection.BeginTransactionAsync(cancellation);
            await context.Connection.ExecuteDdlAsync(Sql[0], cancellation);
            if (_former is not null) await context.Connection.ExecuteBatchAsync(context.Journal.Record([new ConstraintChange(_former, Constraint)]), cancellation);
            await transaction.CommitAsync(cancellation);
        }
        catch (PostgresException e) when (e.SqlState == SqlStates.LockNotAvailable)
        {
            var blockers = await ExclusiveLock.BlockersAsync(context.Connection, [Table.Name, Constraint.ReferencedTable], cancellation);
            throw new ExpungeException(
                ErrorCodes.LockNotAvailable, $"no lock to check {Table.Name} within {context.Locks.MaxWait.TotalSeconds:0.#} s; {blockers}",
                await ExclusiveLock.NextStepAsync(context.Connection, context.Locks.MaxWait, blockers, cancellation), e);
        }
        catch (PostgresException e) when (e.SqlState == SqlStates.ForeignKeyViolation)
        {
            var orphans = await CountOrphansAsync(context.Connection, cancellation);
            throw new ExpungeException(
                ErrorCodes.OrphanRows, $"{orphans} row(s) refer by {string.Join(", ", Constraint.Columns)} to a row of {Constraint.ReferencedTable} that does not exist (constraint {Constraint.Name})",
                $"New rows are checked already. See and repair them with:  expunge orphans --reference {new Policy.ReferenceKey(Table.Name, Constraint.Columns)}  or look at them:  {OrphansSql("*")}  then run the same command again.", e);
        }
    }

    private async Task<string> CountOrphansAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await connection.ExecuteAsync("SET LOCAL statement_timeout = '30s'", cancellation);
        try
        {
            return (await connection.ScalarAsync<long>(OrphansSql("count(*)"), cancellation)).ToString();
        }
        catch (PostgresException e) when (e.SqlState == SqlStates.QueryCanceled)
        {
            return "some";
        }
    }

    private string OrphansSql(string what)
    {
        var pairs = Constraint.Columns.Zip(Constraint.ReferencedColumns, (child, parent) => $"p.{Identifier.Quote(parent)} = c.{Identifier.Quote(child)}");
        var given = Constraint.Columns.Select(c => $"c.{Identifier.Quote(c)} IS NOT NULL");
        return $"SELECT {(what == "*" ? "c.*" : what)} FROM {Table.Name.Sql} c WHERE {string.Join(" AND ", given)} "
            + $"AND NOT EXISTS (SELECT FROM {Constraint.ReferencedTable.Sql} p WHERE {string.Join(" AND ", pairs)})";
    }
}
