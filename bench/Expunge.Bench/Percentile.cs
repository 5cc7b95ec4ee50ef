namespace Expunge.Bench;

internal static class Percentile
{
    public static double Of(List<double> values, double part) => values.Order().ElementAt((int)((values.Count - 1) * part));
}
