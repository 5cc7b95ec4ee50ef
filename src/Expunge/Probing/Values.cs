using System.Globalization;

namespace Expunge.Probing;

/// <summary>Values for columns, as PostgreSQL reads them from text. Pure: the same number gives the same values.</summary>
internal sealed class Values(IReadOnlyDictionary<uint, PgType> types)
{
    private const string Digits = "0123456789abcdefghijklmnopqrstuvwxyz";

    /// <summary>Values of a type, the likeliest first; none where nothing is known of the type.</summary>
    /// <param name="type">The type's oid.</param>
    /// <param name="modifier">Its modifier; -1 without.</param>
    /// <param name="n">The first value for one number is never the first value for another, as far as the type has so many.</param>
    /// <param name="distinct">Whether it must differ from what is in the table already; otherwise numbers are small.</param>
    /// <param name="hints">What CHECK expressions compare it with.</param>
    public IEnumerable<string> Of(uint type, int modifier, int n, bool distinct, Hints hints)
    {
        if (!types.TryGetValue(type, out var t)) return [];
        return t.Kind switch
        {
            'd' => Of(t.Base, t.BaseModifier, n, distinct, hints.And(Hints.Of(t.Checks))),
            'e' => t.Labels.Skip(n % Math.Max(1, t.Labels.Length)).Concat(t.Labels),
            'r' => Ranges(t, n),
            'm' => Ranges(t, n).Take(1).Select(r => $"{{{r}}}").Append("{}"),
            'c' => [$"({string.Join(',', t.Attributes.Select(a => Of(a, -1, n, distinct, Hints.None).Select(InComposite).FirstOrDefault("")))})"],
            _ when t.Element != 0 => Arrays(t, modifier, n, distinct, hints),
            _ => Base(t.ShortName, modifier, n, distinct, hints),
        };
    }

    private IEnumerable<string> Arrays(PgType array, int modifier, int n, bool distinct, Hints hints)
    {
        var elements = Of(array.Element, modifier, n, distinct, hints).Take(20).Select(InArray).ToList();
        return new[] { "{}" }.Concat(elements.Select(e => $"{{{e}}}")).Concat(elements.Count > 1 ? [$"{{{elements[0]},{elements[1]}}}"] : []);
    }

    // From one number on to the next: ranges of different numbers don't overlap.
    private IEnumerable<string> Ranges(PgType range, int n)
    {
        var (from, to) = types.GetValueOrDefault(range.Subtype)?.ShortName is "date" or "timestamp" or "timestamptz"
            ? (Day(40_000 + n), Day(40_001 + n)) : ($"{1_000_000L + n}", $"{1_000_001L + n}");
        return [$"[\"{from}\",\"{to}\")", "empty", "(,)"];
    }

    private static IEnumerable<string> Base(string name, int modifier, int n, bool distinct, Hints hints) => name switch
    {
        "int2" => Numbers(distinct ? 20_000 + (n % 12_000) : 1 + (n % 100), short.MinValue, short.MaxValue, whole: true, hints),
        "int4" => Numbers(distinct ? 1_900_000_000 + n : 1 + (n % 100), int.MinValue, int.MaxValue, whole: true, hints),
        "int8" => Numbers(distinct ? 9_000_000_000_000 + n : 1 + (n % 100), long.MinValue, long.MaxValue, whole: true, hints),
        "oid" => [$"{1_000_000 + n}"],
        "numeric" => Numeric(modifier, n, distinct, hints),
        "float4" or "float8" or "money" => Numbers(1 + (n % (distinct ? 1_000_000 : 100)), -1e15m, 1e15m, whole: false, hints),
        "text" or "varchar" or "citext" or "name" => Texts(name == "name" ? 63 : modifier < 0 ? 1_000 : modifier - 4, n, hints),
        // Without a modifier, a bpchar is of any length.
        "bpchar" => Texts(modifier < 0 ? 1_000 : modifier - 4, n, hints).Select(t => modifier < 0 ? t : t.PadRight(modifier - 4, '0')),
        "char" => hints.Strings.Where(s => s.Length == 1).Prepend($"{Digits[n % Digits.Length]}"),
        "bool" => ["false", "true"],
        "date" or "timestamp" or "timestamptz" => new[] { Day(n), Day(n + 1), Day(n + 400), "now", "tomorrow", "yesterday" }.Concat(Dates(hints)),
        "time" or "timetz" => new[] { TimeSpan.FromSeconds(n % 86_000), TimeSpan.FromSeconds((n % 86_000) + 60) }.Select(t => t.ToString("c", CultureInfo.InvariantCulture)).Append("12:00:00"),
        "interval" => [$"{1 + n} minutes", "0", "1 day", "30 days"],
        "uuid" => [$"e5900000-{n / 65536:x4}-4000-8000-{n:x12}"],
        "json" or "jsonb" => ["{}", "[]", "\"probe\"", "1", "true", "[{}]"],
        "xml" => ["<probe/>"],
        "bytea" => [$"\\x{n:x8}", "\\x", $"\\x{n:x32}", $"\\x{n:x64}"],
        "inet" => [$"10.{n / 65536 % 256}.{n / 256 % 256}.{n % 256}", "::1"],
        "cidr" => [$"10.{n / 65536 % 256}.{n / 256 % 256}.{n % 256}/32"],
        "macaddr" => [$"02:00:00:{n / 65536 % 256:x2}:{n / 256 % 256:x2}:{n % 256:x2}"],
        "macaddr8" => [$"02:00:00:00:00:{n / 65536 % 256:x2}:{n / 256 % 256:x2}:{n % 256:x2}"],
        "point" => [$"({n},0)"],
        "box" => [$"({n},0),({n},1)"],
        "line" => ["{1,0,0}"],
        "lseg" => [$"[({n},0),({n},1)]"],
        "path" => [$"(({n},0),({n},1))"],
        "polygon" => [$"(({n},0),({n},1),({n + 1},0))"],
        "circle" => [$"<({n},0),0.25>"],
        "bit" => Bits(Math.Max(1, modifier), n),
        "varbit" => Bits(modifier < 0 ? 8 : modifier, n),
        "tsvector" or "tsquery" or "ltree" or "lquery" => [$"probe{n}"],
        "pg_lsn" => [$"0/{n:X}"],
        "hstore" => ["", "probe=>1"],
        "vector" or "halfvec" => [$"[{string.Join(',', Enumerable.Repeat(1, Math.Max(1, modifier)))}]"],
        "geometry" or "geography" => ["POINT(0 0)", "SRID=4326;POINT(0 0)", "LINESTRING(0 0,1 1)", "POLYGON((0 0,1 1,1 0,0 0))"],
        _ => [],
    };

    private static IEnumerable<string> Numbers(decimal first, decimal least, decimal most, bool whole, Hints hints) =>
        from value in hints.Numbers.SelectMany(h => new[] { h, h + 1, h - 1 }).Prepend(1).Prepend(0).Prepend(first).Append(-1).Distinct()
        where value >= least && value <= most && (!whole || decimal.Truncate(value) == value)
        select value.ToString("0.################", CultureInfo.InvariantCulture);

    private static IEnumerable<string> Numeric(int modifier, int n, bool distinct, Hints hints)
    {
        // numeric(precision, scale), docs 8.1.2; the scale is of 11 bits with a sign.
        var (precision, scale) = modifier < 0 ? (28, 0) : (((modifier - 4) >> 16) & 0xffff, (((modifier - 4) & 0x7ff) ^ 1024) - 1024);
        var most = (decimal)Math.Pow(10, Math.Clamp(precision - scale, 0, 15)) - 1;
        return most < 1 ? Numbers(0, -1, 0.9m, whole: false, hints) : Numbers((distinct ? 1_000_000 + n : 1 + n) % most, -most, most, whole: false, hints);
    }

    private static IEnumerable<string> Texts(int longest, int n, Hints hints)
    {
        var tag = Base36(n);
        var first = $"expunge-probe-{tag}";
        var lengths = hints.Numbers.Where(l => l is > 0 and <= 1_000).SelectMany(l => new[] { (int)l, (int)l + 1, (int)l - 1 }).Where(l => l > 0).Distinct();
        // What the usual CHECKs ask for: an address, a link, a telephone number, a language, a country, a currency, a colour, a hash.
        string[] usual =
        [
            $"{first}@example.com", $"https://example.com/{tag}", tag, "a", "A", "1", "en", "US", "USD", "en-US", "+15550100", "2001-01-01", "00:00", "#ffffff", "10.0.0.1", "UTC", "application/json", "{}", "",
            $"probe{tag}", $"PROBE{tag.ToUpperInvariant()}", $"{n:x32}", $"{n:x40}", $"{n:x64}", $"00000000-0000-4000-8000-{n:x12}", $"{n}", "/a", "a/b", "a.b",
        ];
        return new[] { first.Length <= longest ? first : tag.Length <= longest ? tag : tag[^Math.Max(0, longest)..] }
            .Concat(hints.Strings.SelectMany(s => s.Contains('%') ? [s.Replace('%', 'x').Replace('_', 'x'), s] : new[] { s }))
            .Concat(lengths.SelectMany(l => new[] { tag.PadLeft(l, '0')[^l..], tag.PadLeft(l, 'a')[^l..] }))
            .Concat(usual).Where(s => s.Length <= longest).Distinct(StringComparer.Ordinal);
    }

    private static IEnumerable<string> Dates(Hints hints) =>
        from s in hints.Strings
        let date = DateTime.TryParse(s, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal, out var d) ? d : (DateTime?)null
        where date is { Year: > 1 and < 9998 } && s.Length >= 8
        from day in new[] { date.Value, date.Value.AddDays(1), date.Value.AddDays(-1) }
        select day.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private static IEnumerable<string> Bits(int length, int n) => [Convert.ToString(n, 2).PadLeft(length, '0')[^length..], new('0', length), new('1', length)];

    private static string Day(int n) => new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddDays(n).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Base36(int n)
    {
        var text = "";
        for (var left = n; left > 0 || text == ""; left /= 36) text = Digits[left % 36] + text;
        return text;
    }

    private static string InArray(string value) => $"\"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private static string InComposite(string value) => InArray(value);
}
