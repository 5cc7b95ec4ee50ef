using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Expunge.Samples.EfCore;

/// <summary>What EF Core sends.</summary>
internal sealed class StatementLog : DbCommandInterceptor
{
    private readonly List<string> _commands = [];

    /// <summary>The statements that delete or update, one each also where they were sent as one command.</summary>
    public IReadOnlyList<string> Changes => [.. _commands.SelectMany(c => c.Split(';', StringSplitOptions.TrimEntries)).Where(s => s.StartsWith("DELETE", StringComparison.Ordinal) || s.StartsWith("UPDATE", StringComparison.Ordinal))];

    public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
    {
        _commands.Add(command.CommandText);
        return base.ReaderExecutingAsync(command, eventData, result, cancellationToken);
    }

    public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
    {
        _commands.Add(command.CommandText);
        return base.NonQueryExecutingAsync(command, eventData, result, cancellationToken);
    }
}
