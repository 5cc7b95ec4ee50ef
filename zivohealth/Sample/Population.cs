namespace ZivoHealth.Sample;

/// <summary>The sample users: ids 2 to <see cref="Last"/> (1 is the system account), who among them is a doctor, and how active each is.</summary>
internal sealed class Population
{
    private const double WhaleShare = 0.105;
    private readonly double[] cumulative;

    public Population(int users, int whale, Random random)
    {
        Last = users + 1;
        Doctors = [.. Enumerable.Range(2, users).Where(IsDoctor)];

        // Log-normal, as measured activity usually is: the median user has about 60 % of the mean, the busiest of 1,000 some 15 times the mean.
        var activity = Enumerable.Range(0, users).Select(_ => Math.Exp(Normal(random))).ToArray();
        activity[whale - 2] = (activity.Sum() - activity[whale - 2]) * WhaleShare / (1 - WhaleShare);
        var total = activity.Sum();
        cumulative = new double[users + 1];
        for (var i = 0; i < users; i++) cumulative[i + 1] = cumulative[i] + activity[i] * users / total;
    }

    /// <summary>The last sample user's id.</summary>
    public int Last { get; }

    /// <summary>How many sample users there are.</summary>
    public int Count => Last - 1;

    /// <summary>The ids of those who are doctors.</summary>
    public IReadOnlyList<int> Doctors { get; }

    /// <summary>Whether the user is a doctor: every 25th from user 2, and user 3, so that a doctor who is ill finds one however few users there are.</summary>
    public static bool IsDoctor(int id) => id % 25 == 2 || id == 3;

    /// <summary>How many rows the user has in a table of that average; rounded so that the table's sum comes out right, and is never 0.</summary>
    public int Rows(int id, double average, double offset)
    {
        var scale = Math.Max(average, 1.0 / Count);
        return (int)(Math.Floor(cumulative[id - 1] * scale + offset) - Math.Floor(cumulative[id - 2] * scale + offset));
    }

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
