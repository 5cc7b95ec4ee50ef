using System.Collections.Immutable;
using Expunge.Catalog;

namespace Expunge.Revisions;

/// <summary>One step of a plan. Each kind has its file, which says what it does, which locks it takes and how it is undone.</summary>
public abstract record Step
{
    private protected Step(Table table) => Table = table;

    /// <summary>The table that it changes.</summary>
    public Table Table { get; }

    /// <summary>The phase that it belongs to: <c>index</c>, <c>swap</c>, <c>validate</c> or <c>drop index</c>.</summary>
    public abstract string Phase { get; }

    /// <summary>What it does, for people.</summary>
    public abstract string Description { get; }

    /// <summary>The statements, without the lock taking around them.</summary>
    public abstract ImmutableArray<string> Sql { get; }

    /// <summary>The locks that it takes.</summary>
    public abstract ImmutableArray<StepLock> Locks { get; }

    /// <summary>How <c>downgrade</c> undoes it.</summary>
    public abstract string Undo { get; }

    /// <summary>Does it. Looks at the catalog first, so that it can be done again after a crash.</summary>
    /// <exception cref="ExpungeException">It could not be done; the database is as before or in a state that the same step goes on from.</exception>
    internal abstract Task ExecuteAsync(StepContext context, CancellationToken cancellation);
}
