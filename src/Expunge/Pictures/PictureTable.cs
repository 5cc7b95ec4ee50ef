namespace Expunge.Pictures;

/// <summary>A table of a <see cref="Picture"/>.</summary>
/// <param name="Name">Its name with its schema; no two tables of a picture have the same.</param>
/// <param name="Label">Its name for people: without the schema where that is the root's.</param>
/// <param name="Depth">How many references lie between it and the root, on the shortest way; 0 for the root alone.</param>
/// <param name="LosesRows">Whether rows of it are deleted with a row of the root. The others are there because a reference of theirs sets columns or blocks.</param>
/// <param name="IsShared">Whether one of its rows can be in the reach of two subjects.</param>
public sealed record PictureTable(string Name, string Label, int Depth, bool LosesRows, bool IsShared);
