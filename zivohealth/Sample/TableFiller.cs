using Npgsql;

namespace ZivoHealth.Sample;

/// <summary>Writes the tables one after another by binary COPY, keeping the keys that later ones refer to.</summary>
internal sealed class TableFiller(NpgsqlConnection connection, Population population, Random random)
{
    // The clinical columns: filled with a doctor other than the patient.
    private static readonly string[] Actors = ["doctor_id", "recorded_by", "created_by", "uploaded_by", "reviewed_by"];

    private readonly Values values = new(random);
    private readonly Dictionary<string, WrittenRows> written = new(StringComparer.Ordinal);

    /// <summary>Fills one table; those it refers to must have been filled.</summary>
    /// <returns>The number of rows.</returns>
    public async Task<long> FillAsync(SampleTable table, CancellationToken ct)
    {
        var rows = written[table.Name] = new();
        var names = string.Join(", ", table.Columns.Select(c => $"\"{c.Name}\""));
        await using var copy = await connection.BeginBinaryImportAsync($"COPY \"{table.Name}\" ({names}) FROM STDIN (FORMAT BINARY)", ct);
        var (owner, nth) = (0, 0);
        foreach (var place in Places(table))
        {
            nth = place.Owner == owner && owner != 0 ? nth + 1 : 0;
            owner = place.Owner;
            var row = Row(table, place, rows.All.Count + 1, nth);
            await copy.StartRowAsync(ct);
            for (var i = 0; i < row.Length; i++)
            {
                if (row[i] is { } value) await copy.WriteAsync(value, Values.DbType(table.Columns[i].Type), ct);
                else await copy.WriteNullAsync(ct);
            }

            rows.Add([.. table.Key.Select(k => row[IndexOf(table, k)]!)], owner);
        }

        await copy.CompleteAsync(ct);
        return rows.All.Count;
    }

    // Whose rows there are to be, in order, and the parent row of each where the table is filled by parent.
    private IEnumerable<(int Owner, SampleReference? Parent, object[]? ParentKey)> Places(SampleTable table)
    {
        if (table.Name == "users") return Enumerable.Range(2, population.Count).Select(id => (id, (SampleReference?)null, (object[]?)null));
        var volume = Volumes.Of(table.Name);
        var offset = random.NextDouble();
        return volume.Kind switch
        {
            VolumeKind.Fixed => Enumerable.Repeat((0, (SampleReference?)null, (object[]?)null), (int)volume.Amount),
            VolumeKind.PerParent => ByParent(table, volume.Amount, offset),
            VolumeKind.PerDoctor => Repeat(population.Doctors, _ => (int)volume.Amount),
            VolumeKind.Once => Repeat(Enumerable.Range(2, population.Count), id => id == SampleData.Whale || random.NextDouble() < volume.Amount ? 1 : 0),
            _ => Repeat(Enumerable.Range(2, population.Count), id => population.Rows(id, volume.Amount, offset)),
        };
    }

    private static IEnumerable<(int, SampleReference?, object[]?)> Repeat(IEnumerable<int> ids, Func<int, int> times) =>
        ids.SelectMany(id => Enumerable.Repeat((id, (SampleReference?)null, (object[]?)null), times(id)));

    private IEnumerable<(int, SampleReference?, object[]?)> ByParent(SampleTable table, double average, double offset)
    {
        // The parent is the first reference to somebody's rows: not users themselves, nor what everybody refers to.
        var parent = table.References.First(r => r.Target != "users" && Volumes.Of(r.Target).Kind != VolumeKind.Fixed);
        var parents = written[parent.Target].All;
        var due = Math.Max(offset, 1 - average * parents.Count);
        foreach (var (key, owner) in parents)
        {
            for (due += average; due >= 1; due--) yield return (owner, parent, key);
        }
    }

    private object?[] Row(SampleTable table, (int Owner, SampleReference? Parent, object[]? ParentKey) place, int number, int nth)
    {
        var row = new object?[table.Columns.Count];
        for (var i = 0; i < row.Length; i++) row[i] = Value(table, table.Columns[i], place, number, nth);
        SampleRules.Apply(table, row, place.Owner, random);
        return row;
    }

    private object? Value(SampleTable table, SampleColumn column, (int Owner, SampleReference? Parent, object[]? ParentKey) place, int number, int nth)
    {
        if (table.Name == "users" && column.Name == "id") return place.Owner;
        if (column == table.Owner || column.Name == "external_user_id") return Values.Number(column.Type, place.Owner);
        if (place.Parent?.Columns.Contains(column.Name, StringComparer.Ordinal) != true && Actors.Contains(column.Name, StringComparer.Ordinal)) return Doctor(column, place.Owner) is { } doctor ? Values.Number(column.Type, doctor) : null;

        var reference = table.ReferenceOf(column);
        if (reference is not null)
        {
            var position = reference.Columns.Select((name, at) => (name, at)).First(c => c.name == column.Name).at;
            return (reference == place.Parent ? place.ParentKey : Referenced(reference, column, place.Owner))?[position];
        }

        if (column.Serial) return Values.Number(column.Type, number);
        if (column.KeyPosition > 0 && column.Type == "int2") return (short)2025;
        if (column.KeyPosition > 0 && column.Type == "int4") return number;
        return values.For(column, number, nth);
    }

    private object[]? Referenced(SampleReference reference, SampleColumn column, int owner)
    {
        if (!written.TryGetValue(reference.Target, out var target)) return null;
        if (!column.NotNull && random.Next(3) == 0) return null;
        return reference.Target == "users"
            ? owner > 2 ? [random.Next(2, owner)] : null
            : target.Any(Volumes.Of(reference.Target).Kind == VolumeKind.Fixed ? 0 : owner, random);
    }

    private int? Doctor(SampleColumn column, int patient)
    {
        if (!column.NotNull && random.Next(4) == 0) return null;
        var doctors = population.Doctors;
        var doctor = doctors[random.Next(doctors.Count)];
        return doctor != patient ? doctor : doctors.First(d => d != patient);
    }

    private static int IndexOf(SampleTable table, SampleColumn column) => table.Columns.Select((c, at) => (c, at)).First(c => c.c == column).at;
}
