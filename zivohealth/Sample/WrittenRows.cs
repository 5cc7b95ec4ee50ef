namespace ZivoHealth.Sample;

/// <summary>The keys of a filled table's rows and whose they are, for the tables that refer to it.</summary>
internal sealed class WrittenRows
{
    private readonly List<(object[] Key, int Owner)> rows = [];
    private readonly Dictionary<int, List<int>> byOwner = [];

    /// <summary>Key and owner of each row; the owner is 0 for a row of nobody.</summary>
    public IReadOnlyList<(object[] Key, int Owner)> All => rows;

    public void Add(object[] key, int owner)
    {
        if (!byOwner.TryGetValue(owner, out var list)) byOwner[owner] = list = [];
        list.Add(rows.Count);
        rows.Add((key, owner));
    }

    /// <summary>The key of any row of this owner, or null where they have none.</summary>
    public object[]? Any(int owner, Random random) => byOwner.TryGetValue(owner, out var list) ? rows[list[random.Next(list.Count)]].Key : null;
}
