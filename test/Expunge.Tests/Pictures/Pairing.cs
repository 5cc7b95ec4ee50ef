namespace Expunge.Tests.Pictures;

internal static class Pairing
{
    /// <summary>Each with the next.</summary>
    public static IEnumerable<(T First, T Second)> Pairs<T>(this IEnumerable<T> items) => items.ToList() is var all ? all.Zip(all.Skip(1)) : [];
}
