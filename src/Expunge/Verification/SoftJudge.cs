using Expunge.Catalog;
using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Verification;

/// <summary>Holds candidates against the keys of the root, and of the other table that they could lead to.</summary>
internal sealed class SoftJudge(SoftReader reader, Decisions decisions)
{
    private const int FirstLook = 100;

    private readonly Dictionary<uint, SoftKeys> _keys = [];
    private bool? _hasSubjects;

    private Table Root => decisions.Reach.Root;

    private string RootName => Root.Name.Display(decisions.Schema);

    /// <summary>What the name alone says; null for nothing.</summary>
    public SoftColumn? ByName(SoftCandidate candidate, string evidence = "not read") =>
        candidate.Other is null ? ToRoot(candidate, SoftMatch.None, evidence, 0) : null;

    /// <summary>What names and values say of columns of one table.</summary>
    /// <exception cref="SoftUnreadException">It can't be read now.</exception>
    public async Task<IReadOnlyList<(SoftColumn?, SoftName)>> ByValuesAsync(IEnumerable<SoftCandidate> candidates, Func<SoftCandidate, SoftStatistics?> statistics, CancellationToken cancellation)
    {
        if (!await HasSubjectsAsync(cancellation)) return [.. candidates.Select(c => (ByName(c, $"{RootName} has no rows to compare with"), c.Name))];
        var worthReading = new List<SoftCandidate>();
        foreach (var candidate in candidates)
        {
            if (!await IsRefutedAsync(candidate, statistics(candidate), cancellation)) worthReading.Add(candidate);
        }

        if (worthReading.Count == 0) return [];
        var sample = await SoftSample.ReadAsync(reader, decisions.Catalog, worthReading[0].Table, [.. worthReading.Select(c => c.Column)], cancellation);
        var judged = new List<(SoftColumn?, SoftName)>();
        foreach (var (candidate, sampled) in worthReading.Zip(sample.Values))
        {
            HashSet<string> values = [.. sampled, .. statistics(candidate)?.Values ?? []];
            judged.Add((await ByValuesAsync(candidate, [.. values.Take(SoftSample.MostValues)], sample.Rows, cancellation), candidate.Name));
        }

        return judged;
    }

    /// <summary>Whether the planner's statistics say that a column without a telling name holds nothing of the kind: then its table is not read for it.</summary>
    private async Task<bool> IsRefutedAsync(SoftCandidate candidate, SoftStatistics? statistics, CancellationToken cancellation)
    {
        if (statistics is null || candidate.Name >= SoftName.Person || candidate.Other is not null) return false;
        // Every nth, not the first: the bounds of a histogram ascend.
        string[] some = [.. statistics.Values.Where((_, i) => i % ((statistics.Values.Count / FirstLook) + 1) == 0)];
        return some.Length == 0 || (some.Length >= FirstLook / 5 && (await KeysOf(Root).MatchAsync(some, cancellation)).Judge(candidate.Name) is null);
    }

    private async Task<SoftColumn?> ByValuesAsync(SoftCandidate candidate, IReadOnlyCollection<string> values, long rows, CancellationToken cancellation)
    {
        var toRoot = await KeysOf(Root).MatchAsync(values, cancellation);
        if (candidate.Other is { } other)
        {
            var toOther = await MatchOtherAsync(other, candidate.Column, values, cancellation);
            if (values.Count == 0 || toOther.Share >= 0.9 || (toOther.Keys > 0 && toOther.Share >= toRoot.Share)) return ToOther(candidate, other, toOther, rows);
        }

        return ToRoot(candidate, toRoot, toRoot.Words, rows);
    }

    private SoftColumn? ToRoot(SoftCandidate candidate, SoftMatch match, string evidence, long rows)
    {
        // Text about a person, such as an address, and not a value to tell.
        if (match.Values == 0 && candidate.Name == SoftName.Person && !SoftTypes.Same(candidate.Column, SubjectKeys.Column(Root))) return null;
        return match.Judge(candidate.Name) is { } likelihood
            ? Column(candidate, Root, likelihood, NameWords(candidate, RootName), evidence, rows, SoftCandidates.WhyNotDeclarable(candidate, decisions))
            : null;
    }

    /// <summary>A reference to another table matters where that loses rows with a subject, and nothing yet takes the column's rows along.</summary>
    private SoftColumn? ToOther(SoftCandidate candidate, Table other, SoftMatch match, long rows)
    {
        if (other.Oid == Root.Oid || candidate.IsArray || candidate.Discriminator is not null || decisions.Reach.Find(other) is null || decisions.Reach.Find(candidate.Table) is not null) return null;
        var name = other.Name.Display(decisions.Schema);
        var likelihood = match.Values == 0 ? SoftLikelihood.Possible : match.Judge(SoftName.Subject)!.Value;
        return Column(candidate, other, likelihood, $"named for {name}", match.Words, rows, $"it leads to {name}, not to {RootName}: give it a foreign key");
    }

    private async Task<SoftMatch> MatchOtherAsync(Table other, Column column, IReadOnlyCollection<string> values, CancellationToken cancellation)
    {
        try
        {
            return other.PrimaryKey is [var key] && SoftTypes.CanHold(column, other.Column(key)!) ? await KeysOf(other).MatchAsync(values, cancellation) : SoftMatch.None;
        }
        catch (SoftUnreadException e)
        {
            throw new SoftUnreadException($"it may lead to {other.Name.Display(decisions.Schema)}, and of that: {e.Message}", e);
        }
    }

    private SoftKeys KeysOf(Table table) => _keys.TryGetValue(table.Oid, out var known) ? known : _keys[table.Oid] = new SoftKeys(reader, table, SubjectKeys.Column(table));

    /// <exception cref="ExpungeException"><see cref="ErrorCodes.MissingRight"/>: the root can't be read, so there is nothing to compare with.</exception>
    private async Task<bool> HasSubjectsAsync(CancellationToken cancellation)
    {
        try
        {
            return _hasSubjects ??= (await reader.ListAsync($"SELECT EXISTS (SELECT {Identifier.Quote(SubjectKeys.Column(Root).Name)} FROM {Root.OnlySql})", r => r.GetBoolean(0), cancellation))[0];
        }
        catch (SoftUnreadException e) when (e.InnerException is PostgresException { SqlState: SqlStates.InsufficientPrivilege })
        {
            throw new ExpungeException(ErrorCodes.MissingRight, $"This role may not read all keys of {Root}, so there is nothing to compare with.", $"Have the owner grant it SELECT on {Root} (and BYPASSRLS where that has row-level security), or connect as another role.", e);
        }
    }

    private static SoftColumn Column(SoftCandidate candidate, Table references, SoftLikelihood likelihood, string? name, string values, long rows, string? undeclarable) =>
        new(candidate.Table, candidate.Column, references, likelihood, name is null ? values : $"{name}; {values}", rows, undeclarable);

    private static string? NameWords(SoftCandidate candidate, string root) => candidate.Name switch
    {
        SoftName.Subject => $"named for {root}",
        SoftName.Reference => $"named like references to {root}",
        SoftName.Person => "named for a person",
        SoftName.Id => "named for a key",
        _ => null,
    };
}
