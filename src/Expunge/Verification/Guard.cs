using System.Text.Json;
using Expunge.Catalog;
using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Verification;

/// <summary>An event trigger that holds each CREATE TABLE and ALTER TABLE against the policy (PostgreSQL docs, chapter Event Triggers).</summary>
public static class Guard
{
    private const string Name = "expunge_guard";

    /// <summary>Installs it, or replaces the one that is there.</summary>
    /// <param name="database">The database.</param>
    /// <param name="policy">The policy as it is now; a later change of the file reaches the guard when it is installed again.</param>
    /// <param name="mode">What it does.</param>
    /// <param name="cancellation">Cancels it; all or nothing is done.</param>
    /// <exception cref="ExpungeException">The policy does not fit the database, or <see cref="ErrorCodes.MissingRight"/>: only a superuser may make event triggers. Nothing was changed.</exception>
    public static async Task InstallAsync(Database database, PolicyFile policy, GuardMode mode, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenMaintenanceAsync(cancellation);
        var script = Script(Decisions.Of(await database.ReadCatalogAsync(connection, cancellation), policy), mode);
        try
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellation);
            await connection.ExecuteAsync(script, cancellation);
            await transaction.CommitAsync(cancellation);
        }
        catch (PostgresException e) when (e.SqlState == SqlStates.InsufficientPrivilege)
        {
            throw new ExpungeException(
                ErrorCodes.MissingRight, $"This role may not install the guard: {e.MessageText}. PostgreSQL lets only superusers make event triggers.",
                "Have a superuser run what  expunge guard install --sql  prints, or use  expunge guard check  in CI, which needs no right but to connect. Nothing was changed.", e);
        }
    }

    /// <summary>Removes it.</summary>
    /// <param name="database">The database.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <returns>Whether it was there.</returns>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.MissingRight"/>: it belongs to another role. Nothing was changed.</exception>
    public static async Task<bool> RemoveAsync(Database database, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenMaintenanceAsync(cancellation);
        if (!await connection.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM pg_event_trigger WHERE evtname = $1)", cancellation, Name)) return false;
        try
        {
            await connection.ExecuteAsync($"DROP EVENT TRIGGER {Name}; DROP FUNCTION expunge.guard()", cancellation);
            return true;
        }
        catch (PostgresException e) when (e.SqlState == SqlStates.InsufficientPrivilege)
        {
            throw new ExpungeException(ErrorCodes.MissingRight, $"This role may not remove the guard: {e.MessageText}.", $"Have a superuser run  DROP EVENT TRIGGER {Name}; DROP FUNCTION expunge.guard();  Nothing was changed.", e);
        }
    }

    /// <summary>What <see cref="InstallAsync"/> executes, for a superuser who has no Expunge. Pure.</summary>
    /// <param name="decisions">The policy, held against the catalog.</param>
    /// <param name="mode">What it does.</param>
    public static string Script(Decisions decisions, GuardMode mode)
    {
        var root = decisions.Reach.Root.Name;
        var policy = JsonSerializer.Serialize(new
        {
            root = root.ToString(),
            schema = root.Schema,
            table = root.Name,
            @default = decisions.Policy.Default.Word(),
            references = decisions.Policy.References.Select(r => (Name: r, Key: Resolve(r, decisions.Catalog)))
                .Select(r => new { schema = r.Key.Table.Schema, table = r.Key.Table.Name, columns = r.Key.Columns.Order(StringComparer.Ordinal), action = r.Name.Action.Word() }),
            soft = decisions.SoftReferences.Select(s => new { schema = s.Table.Name.Schema, table = s.Table.Name.Name, column = s.Column.Name }),
        });
        var function = SqlFile.Read("guard.sql").Replace("/*policy*/", $"{Identifier.Literal(policy)}", StringComparison.Ordinal).Replace("/*enforces*/", mode == GuardMode.Enforce ? "true" : "false", StringComparison.Ordinal).TrimEnd();
        return $"""
            CREATE SCHEMA IF NOT EXISTS expunge;
            {function};
            DROP EVENT TRIGGER IF EXISTS {Name};
            CREATE EVENT TRIGGER {Name} ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE', 'CREATE SCHEMA') EXECUTE FUNCTION expunge.guard();
            COMMENT ON EVENT TRIGGER {Name} IS {Identifier.Literal($"Policy {decisions.Policy.Hash}, {(mode == GuardMode.Enforce ? "enforce" : "warn")}; made by expunge guard install")};

            """;
    }

    // The policy may name a constraint; the guard knows columns, which a new constraint has before anybody knows its name.
    private static ReferenceKey Resolve(ReferencePolicy named, CatalogSnapshot catalog) =>
        named.Key.Columns is [var name] && catalog.Find(named.Key.Table)?.Column(name) is null && catalog.ForeignKeys.FirstOrDefault(f => f.Table == named.Key.Table && f.Name == name) is { } constraint
            ? named.Key with { Columns = constraint.Columns } : named.Key;
}
