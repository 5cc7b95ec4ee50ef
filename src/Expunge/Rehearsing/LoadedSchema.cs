using System.Collections.Immutable;

namespace Expunge.Rehearsing;

/// <summary>What became of a schema on the copy.</summary>
/// <param name="Statements">How many statements were executed.</param>
/// <param name="MadeUp">What was made up because it is not here: roles, types and functions of extensions.</param>
/// <param name="LeftOut">What was left out and does not matter for a deletion, each with the reason.</param>
/// <param name="Missing">What was left out and does matter: tables, columns, foreign keys. With any of these the rehearsal shows nothing.</param>
public sealed record LoadedSchema(int Statements, ImmutableArray<string> MadeUp, ImmutableArray<string> LeftOut, ImmutableArray<string> Missing);
