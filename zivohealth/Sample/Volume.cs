namespace ZivoHealth.Sample;

/// <summary>How many rows a table gets.</summary>
/// <param name="Kind">What the amount counts.</param>
/// <param name="Amount">Rows in all, a share of the users, or an average per user or parent row.</param>
internal sealed record Volume(VolumeKind Kind, double Amount)
{
    public static Volume Fixed(int rows) => new(VolumeKind.Fixed, rows);

    public static Volume Once(double share = 1) => new(VolumeKind.Once, share);

    public static Volume PerUser(double average) => new(VolumeKind.PerUser, average);

    public static Volume PerParent(double average) => new(VolumeKind.PerParent, average);

    public static Volume PerDoctor(int rows) => new(VolumeKind.PerDoctor, rows);
}

/// <summary>What a volume counts.</summary>
internal enum VolumeKind
{
    /// <summary>Rows of nobody: what users' rows refer to.</summary>
    Fixed,

    /// <summary>At most one row a user.</summary>
    Once,

    /// <summary>An average a user: active users have many, most have few.</summary>
    PerUser,

    /// <summary>An average a parent row.</summary>
    PerParent,

    /// <summary>A number of rows for each user who is a doctor.</summary>
    PerDoctor,
}
