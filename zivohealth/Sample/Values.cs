using NpgsqlTypes;

namespace ZivoHealth.Sample;

/// <summary>Makes a plausible value for a column from its name and type.</summary>
internal sealed class Values(Random random)
{
    // The document's test date; the data lies in the months before it.
    private static readonly DateTime Today = new(2025, 10, 20, 0, 0, 0, DateTimeKind.Utc);
    private static readonly string[] Words = ["amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "haven", "inlet", "juniper", "kelp", "lotus"];

    private static readonly Dictionary<string, string[]> Choices = new(StringComparer.Ordinal)
    {
        ["status"] = ["open", "active", "done"],
        ["metric"] = ["heart_rate", "systolic", "diastolic", "spo2"],
        ["sender"] = ["user", "assistant", "doctor"],
        ["sex"] = ["female", "male", "other"],
        ["platform"] = ["ios", "android"],
        ["severity"] = ["low", "medium", "high"],
        ["provider"] = ["google", "apple"],
        ["meal"] = ["breakfast", "lunch", "dinner"],
        ["method"] = ["GET", "POST"],
        ["verdict"] = ["clean"],
        ["plan"] = ["basic", "plus"],
        ["country"] = ["IN", "DE"],
        ["weight_unit"] = ["kg", "lb"],
        ["glucose_unit"] = ["mg/dL", "mmol/L"],
        ["trace_id"] = ["4bf92f3577b34da6", "00f067aa0ba902b7"],
    };

    public static NpgsqlDbType DbType(string type) => type switch
    {
        "int2" => NpgsqlDbType.Smallint,
        "int4" => NpgsqlDbType.Integer,
        "int8" => NpgsqlDbType.Bigint,
        "bool" => NpgsqlDbType.Boolean,
        "numeric" => NpgsqlDbType.Numeric,
        "date" => NpgsqlDbType.Date,
        "time" => NpgsqlDbType.Time,
        "timestamptz" => NpgsqlDbType.TimestampTz,
        "uuid" => NpgsqlDbType.Uuid,
        "jsonb" => NpgsqlDbType.Jsonb,
        "inet" => NpgsqlDbType.Inet,
        "bpchar" => NpgsqlDbType.Char,
        "varchar" => NpgsqlDbType.Varchar,
        "text" => NpgsqlDbType.Text,
        _ => throw new NotSupportedException($"No sample values for type {type}."),
    };

    /// <summary>A number as the column's type wants it.</summary>
    public static object Number(string type, long value) => type switch
    {
        "int2" => (short)value,
        "int4" => (int)value,
        "int8" => value,
        _ => value.ToString(),
    };

    /// <summary>The value of a column that is no key and no reference.</summary>
    /// <param name="column">The column.</param>
    /// <param name="row">The row's number in its table, from 1.</param>
    /// <param name="nth">The row's number among its owner's, from 0.</param>
    public object? For(SampleColumn column, int row, int nth) => column switch
    {
        { NotNull: false } when random.Next(10) == 0 => null,
        { Type: "bool" } => random.Next(4) != 0,
        { Type: "int2" } => (short)random.Next(1, 8),
        { Type: "int4" } => random.Next(1, 5000),
        { Type: "int8" } => random.NextInt64(1, 5_000_000),
        { Name: "mood_avg" } => Math.Round(1 + (decimal)(random.NextDouble() * 4), 2),
        { Type: "numeric" } => Math.Round((decimal)(random.NextDouble() * 180), 2),
        { Type: "uuid" } => Uuid(),
        { Type: "jsonb" } => $$"""{"{{Word()}}": {{random.Next(100)}}}""",
        { Type: "inet" } => new System.Net.IPAddress([10, (byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(1, 255)]),
        { Type: "time" } => new TimeOnly(random.Next(7, 20), 0),
        { Type: "timestamptz" } => Today.AddSeconds(-random.Next(1, 140 * 86_400)),
        { Type: "date" } => Date(column.Name, nth),
        { Type: "bpchar" or "varchar" or "text" } when Choices.TryGetValue(column.Name, out var choices) => choices[random.Next(choices.Length)],
        { Type: "bpchar" or "varchar" } => $"{Word()} {row}",
        _ => $"{Word()} {Word()} {Word()} {row}",
    };

    public Guid Uuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        random.NextBytes(bytes);
        return new(bytes);
    }

    // One period back for each further row, so that a user has at most one row a period.
    private static DateOnly Date(string name, int nth)
    {
        var today = DateOnly.FromDateTime(Today);
        return name switch
        {
            "week_start" => today.AddDays(-7 * nth),
            "month_start" => new DateOnly(2025, 10, 1).AddMonths(-nth),
            "quarter_start" => new DateOnly(2025, 10, 1).AddMonths(-3 * nth),
            "year_start" => new DateOnly(2025, 1, 1).AddYears(-nth),
            _ => today.AddDays(-nth - 1),
        };
    }

    private string Word() => Words[random.Next(Words.Length)];
}
