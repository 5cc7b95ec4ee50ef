using Expunge.Postgres;
using Expunge.Revisions;

namespace Expunge.Cli;

/// <summary>
/// The document's lines: one a table, in the policy's order, as soon as the table and all before it are ready. Steps end in another order (validation goes by size), so lines wait.
/// </summary>
internal sealed class UpgradeReport
{
    private readonly Lock _lock = new();
    private readonly List<Entry> _entries = [];
    private readonly Action<string> _print;
    private readonly string _schema;
    private int _printed;

    /// <param name="plan">What is done.</param>
    /// <param name="only">The tables that were asked for; empty for all.</param>
    /// <param name="print">Takes the lines.</param>
    public UpgradeReport(Plan plan, IReadOnlyCollection<QualifiedName> only, Action<string> print)
    {
        _print = print;
        var decisions = plan.Decisions!;
        _schema = decisions.Schema;
        var order = decisions.Policy.Tables.SelectMany(g => g.Tables).Concat(decisions.All.Select(d => d.Reference.Table.Name)).Concat(decisions.SoftReferences.Select(s => s.Table.Name)).Distinct();
        foreach (var name in order.Where(n => only.Count == 0 || only.Contains(n)))
        {
            var table = decisions.Catalog.Find(name);
            var entry = new Entry(name, name.Display(decisions.Schema));
            _entries.Add(entry);
            if (table is null) { entry.Missing = true; continue; }
            var owned = decisions.Catalog.PartitionsOf(table).Select(p => p.Oid).Append(table.Oid).ToHashSet();
            entry.Steps = [.. plan.Steps.Where(s => owned.Contains(s.Table.Oid))];
            entry.Changes = entry.Steps.Count > 0;
            entry.LeftOut = plan.LeftOut.Count(s => owned.Contains(s.Table.Oid));
            entry.Rules = string.Join(", ", decisions.All.Where(d => d.Reference.Table.Oid == table.Oid).Select(d => d.Wanted.DeleteRule).Distinct());
            entry.Failures.AddRange(plan.Problems.Where(p => p.Table.Oid == table.Oid).Select(p => $"{p.Reason}. {p.NextStep}"));
        }

        References = decisions.All.Length + decisions.SoftReferences.Count(s => s.Enforce);
        Flush();
    }

    /// <summary>How many references were judged.</summary>
    public int References { get; }

    public int Failures => _entries.Sum(e => e.Failures.Count);

    public IEnumerable<object> Tables => _entries.Select(e => new { table = e.Name.ToString(), status = Status(e), reasons = e.Failures });

    public void Done(StepProgress result)
    {
        if (result.Stage != StepStage.Done) return;
        lock (_lock)
        {
            foreach (var entry in _entries.Where(e => e.Steps.Remove(result.Step)))
            {
                if (result.Failure is { } failure) entry.Failures.Add($"{failure.Message}. {failure.NextStep}");
            }
        }

        Flush();
    }

    /// <summary>Prints what is left, also tables whose steps were left out because one before them failed, and what came to light at the end.</summary>
    /// <param name="late">What somebody created or changed meanwhile.</param>
    public void End(IEnumerable<PlanProblem> late)
    {
        Flush(end: true);
        lock (_lock)
        {
            foreach (var table in late.GroupBy(p => p.Table.Name))
            {
                // A table that is said to be fixed already gets a second line.
                var entry = _entries.FirstOrDefault(e => e.Name == table.Key) ?? new Entry(table.Key, table.Key.Display(_schema));
                if (!_entries.Contains(entry)) _entries.Add(entry);
                entry.Failures.AddRange(table.Select(p => $"{p.Reason}. {p.NextStep}"));
                _print(Line(entry));
                _printed = _entries.Count;
            }
        }
    }

    /// <summary>Prints what is ready.</summary>
    private void Flush(bool end = false)
    {
        lock (_lock)
        {
            while (_printed < _entries.Count && (end || _entries[_printed].Steps.Count == 0))
            {
                _print(Line(_entries[_printed++]));
            }
        }
    }

    private static string Line(Entry entry) => Status(entry) switch
    {
        "skipped" => $"  ⏭️  Skipping {entry.Display} (table does not exist)",
        "failed" => string.Join('\n', entry.Failures.Select(f => $"  ⚠️  Could not fix {entry.Display}: {f}")),
        "left" => $"  ⏳ {entry.Display}: {entry.LeftOut} step(s) left for later",
        "fixed" => $"  ✅ Fixed {entry.Display}",
        _ => $"  ✅ {entry.Display} ({(entry.Rules.Length > 0 ? $"already {entry.Rules}" : "nothing to fix")})",
    };

    private static string Status(Entry entry) => entry.Missing ? "skipped" : entry.Failures.Count > 0 ? "failed" : entry.LeftOut > 0 ? "left" : entry.Changes ? "fixed" : "unchanged";

    private sealed class Entry(QualifiedName name, string display)
    {
        public QualifiedName Name { get; } = name;

        public string Display { get; } = display;

        public bool Missing { get; set; }

        public bool Changes { get; set; }

        public int LeftOut { get; set; }

        public string Rules { get; set; } = "";

        public List<Step> Steps { get; set; } = [];

        public List<string> Failures { get; } = [];
    }
}
