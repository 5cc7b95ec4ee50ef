using System.Text.RegularExpressions;
using Expunge.Catalog;
using Expunge.Postgres;
using Npgsql;

namespace Expunge.Probing;

/// <summary>
/// Finds triggers that reach outside the database, where no rollback takes anything back: by dblink, HTTP, files or programs, or in a language whose code can do so. Read from the functions' sources,
/// and from those of the functions that they name.
/// </summary>
internal static partial class OutsideReach
{
    private const string Functions =
        """
        SELECT p.oid, p.proname::text, l.lanname::text, l.lanpltrusted OR l.lanname IN ('internal', 'sql'), coalesce(p.prosrc, '') || coalesce(pg_get_function_sqlbody(p.oid), ''),
               n.nspname = 'pg_catalog' OR EXISTS (SELECT FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
          FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang JOIN pg_namespace n ON n.oid = p.pronamespace
         WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') OR p.oid IN (SELECT tgfoid FROM pg_trigger WHERE NOT tgisinternal)
        """;

    /// <summary>The triggers that do, of these tables and of those that their triggers' functions name.</summary>
    public static async Task<List<OutsideTrigger>> FindAsync(NpgsqlConnection connection, CatalogSnapshot catalog, IEnumerable<Table> tables, CancellationToken cancellation)
    {
        var triggers = (await connection.ListAsync(
            "SELECT tgrelid, tgname::text, tgfoid FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') ORDER BY 2",
            r => (Table: r.GetFieldValue<uint>(0), Name: r.GetString(1), Function: r.GetFieldValue<uint>(2)), cancellation)).ToLookup(t => t.Table);
        var found = new List<OutsideTrigger>();
        if (triggers.Count == 0) return found;
        var functions = (await connection.ListAsync(
            Functions, r => (Oid: r.GetFieldValue<uint>(0), Function: new Function(r.GetString(1), r.GetString(2), r.GetBoolean(3), r.GetString(4), r.GetBoolean(5))), cancellation)).ToDictionary(f => f.Oid, f => f.Function);
        var byName = functions.Values.ToLookup(f => f.Name, StringComparer.OrdinalIgnoreCase);
        var tablesByName = catalog.Tables.ToLookup(t => t.Name.Name, StringComparer.OrdinalIgnoreCase);
        var queue = new Queue<Table>(tables);
        var reached = queue.Select(t => t.Oid).ToHashSet();
        while (queue.TryDequeue(out var table))
        {
            foreach (var trigger in triggers[table.Oid])
            {
                var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
                if (How(functions[trigger.Function], seen) is { } how) found.Add(new OutsideTrigger(table.Name, trigger.Name, how));
                // What a function writes to has triggers, too.
                foreach (var next in seen.SelectMany(name => byName[name]).SelectMany(f => Word().Matches(f.Source)).SelectMany(w => tablesByName[w.Value]).Where(t => reached.Add(t.Oid))) queue.Enqueue(next);
            }
        }

        return found;

        string? How(Function function, HashSet<string> seen)
        {
            // What comes with PostgreSQL or an extension is known by its name alone.
            if (!seen.Add(function.Name) || (function.IsShipped && !Outside().IsMatch(function.Name))) return null;
            if (!function.IsTrusted) return $"runs {function.Name}, in {function.Language}, which can reach outside the database";
            if (Outside().Match(function.Source) is { Success: true } found) return $"reaches outside the database ({found.Value.Trim().TrimEnd('(')} in {function.Name})";
            return Word().Matches(function.Source).Select(w => w.Value).Distinct(StringComparer.OrdinalIgnoreCase).SelectMany(name => byName[name]).Select(f => How(f, seen)).FirstOrDefault(h => h is not null);
        }
    }

    [GeneratedRegex(@"\bdblink\w*|\bhttp_(get|post|put|delete|patch|head)\b|\bhttp\s*\(|\bnet\.http_\w+|\bpg_(read|write|file|ls|stat)_?(binary_)?(file|write|unlink|rename|sync|dir)\w*|\blo_(im|ex)port\b|\bcopy\b[^;]*\b(program|from\s+'|to\s+')|\bpg_background_\w+|\bpg_(terminate|cancel)_backend\b", RegexOptions.IgnoreCase)]
    private static partial Regex Outside();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();

    private sealed record Function(string Name, string Language, bool IsTrusted, string Source, bool IsShipped);
}
