using System.Collections.Immutable;

namespace Expunge.Pictures;

/// <summary>The line of a reference, from the referenced table to the reference's own line in the box of its table, where it ends.</summary>
/// <param name="Reference">The reference.</param>
/// <param name="X">Where it ends.</param>
/// <param name="Y">Where it ends.</param>
/// <param name="Lanes">The heights at which it crosses columns.</param>
/// <param name="Path">The line as SVG writes it.</param>
internal sealed record SvgRoute(PictureReference Reference, int X, int Y, ImmutableArray<int> Lanes, string Path);
