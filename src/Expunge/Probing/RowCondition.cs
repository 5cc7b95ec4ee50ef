using System.Collections.Immutable;

namespace Expunge.Probing;

/// <summary>What must hold of a row: a CHECK constraint, or one of the partitions' conditions.</summary>
/// <param name="Name">The constraint's name.</param>
/// <param name="Expression">As <c>pg_get_expr</c> writes it.</param>
/// <param name="Columns">The columns that it reads.</param>
internal sealed record RowCondition(string Name, string Expression, ImmutableArray<string> Columns);
