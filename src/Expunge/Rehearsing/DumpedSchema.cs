using System.Globalization;
using System.Text.RegularExpressions;
using Expunge.Catalog;
using Expunge.Postgres;
using Expunge.Verification;

namespace Expunge.Rehearsing;

/// <summary>
/// What decides whether references are as the policy says, read from a file of <c>pg_dump --schema-only</c> without a server: tables with their columns, keys and foreign keys, in the words in which pg_dump writes
/// them (pg_dump.c, dumpTableSchema and dumpConstraint). What can only give a warning is not read: other indexes, CHECK constraints, triggers, rules and views.
/// </summary>
public sealed partial class DumpedSchema
{
    private const int NewestMajor = 18;
    private readonly Dictionary<QualifiedName, Table> _tables = [];
    private readonly Dictionary<(QualifiedName Table, string Name), ForeignKey> _foreignKeys = [];
    private readonly HashSet<string> _domainsNotNull = new(StringComparer.Ordinal);

    private DumpedSchema()
    {
    }

    /// <summary>Reads a file. Pure.</summary>
    /// <param name="sql">The file's text.</param>
    /// <param name="database">What messages call the database.</param>
    /// <returns>The catalog; null where the file holds anything that pg_dump would not write so, or that no database could have had: then only a server knows what it means.</returns>
    public static CatalogSnapshot? Read(string sql, string database)
    {
        // Rails takes the line with the version out.
        var major = DumpedFrom().Match(sql) is { Success: true } from ? int.Parse(from.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : NewestMajor;
        var schema = new DumpedSchema();
        try
        {
            var statements = SqlScript.Statements(sql).ToList();
            if (!statements.Exists(EmptySearchPath().IsMatch)) return null;
            foreach (var statement in statements.Where(s => !SchemaLoader.Ignored().IsMatch(s) && !Irrelevant().IsMatch(s))) schema.Read(new SqlTokens(statement));
            return schema.Catalog(new ServerInfo(major * 10_000, $"{major}", database, "", IsStandby: false, HasCitus: false, TracksCounts: true));
        }
        catch (Exception e) when (e is FormatException or KeyNotFoundException or ArgumentException)
        {
            return null;
        }
    }

    private void Read(SqlTokens tokens)
    {
        // What pg_dump --clean drops before it makes it.
        if (_tables.Count == 0 && (tokens.Is("drop") || tokens.Is("alter", "table"))) tokens.SkipRest();
        else if (tokens.Passes("create", "table") || tokens.Passes("create", "unlogged", "table")) CreateTable(tokens);
        else if (tokens.Passes("create", "unique", "index")) CreateUniqueIndex(tokens);
        else if (tokens.Passes("create", "domain")) CreateDomain(tokens);
        else if (tokens.Passes("create", "schema")) tokens.Name();
        else if (tokens.Passes("alter", "table")) AlterTable(tokens);
        else CommentOnConstraint(tokens);
        if (!tokens.AtEnd) throw new FormatException("More than pg_dump writes.");
    }

    private void CreateTable(SqlTokens tokens)
    {
        var table = new Table { Oid = (uint)_tables.Count + 1, Name = tokens.QualifiedName() };
        var columns = new List<Column>();
        tokens.Expect("(");
        for (var first = true; !tokens.Passes(")"); first = false)
        {
            if (!first) tokens.Expect(",");
            if (!tokens.Passes("constraint"))
            {
                columns.Add(DumpedColumn.Read(tokens));
                continue;
            }

            tokens.Name();
            tokens.Expect("check");
            tokens.SkipGroup();
            _ = tokens.Passes("no", "inherit") || tokens.Passes("not", "enforced");
        }

        var isPartitioned = tokens.Passes("partition", "by");
        if (isPartitioned)
        {
            tokens.Name();
            tokens.SkipGroup();
        }

        if (tokens.Passes("with")) tokens.SkipGroup();
        _tables.Add(table.Name, table with { Columns = [.. columns], IsPartitioned = isPartitioned });
    }

    private void CreateUniqueIndex(SqlTokens tokens)
    {
        var name = tokens.Name();
        tokens.Expect("on");
        tokens.Passes("only");
        var table = tokens.QualifiedName();
        tokens.Expect("using", "btree");
        var columns = tokens.NamesOnly();
        SkipParameters(tokens);
        // One with an expression, an operator class or a condition is no foreign key's other end.
        if (columns is not null && tokens.AtEnd) AddIndex(table, name, columns, isPrimary: false);
        else tokens.SkipRest();
    }

    private void AddIndex(QualifiedName table, string name, List<string> columns, bool isPrimary) =>
        Change(table, t => t with { Indexes = t.Indexes.Add(new TableIndex(name, [.. columns], "btree", IsUnique: true, isPrimary, IsValid: true, Predicate: null)) });

    private static void SkipParameters(SqlTokens tokens)
    {
        if (tokens.Passes("include")) tokens.SkipGroup();
        tokens.Passes("nulls", "not", "distinct");
        if (tokens.Passes("with")) tokens.SkipGroup();
        tokens.Passes("deferrable");
        tokens.Passes("initially", "deferred");
    }

    private void CreateDomain(SqlTokens tokens)
    {
        var name = DumpedColumn.Type(tokens);
        tokens.Expect("as");
        DumpedColumn.Type(tokens);
        while (!tokens.AtEnd)
        {
            if (tokens.Passes("constraint")) tokens.Name();
            if (tokens.Passes("default")) DumpedColumn.SkipExpression(tokens);
            else if (tokens.Passes("check")) tokens.SkipGroup();
            else if (DumpedColumn.ReadModifier(tokens)) _domainsNotNull.Add(name);
        }
    }

    private void AlterTable(SqlTokens tokens)
    {
        tokens.Passes("only");
        var table = tokens.QualifiedName();
        // Of sequences and views, too, in files of older versions; and what decides nothing here.
        if (tokens.Is("owner", "to") || tokens.Is("cluster", "on") || tokens.Is("replica", "identity") || tokens.Is("enable", "row") || tokens.Is("force", "row")) tokens.SkipRest();
        else if (tokens.Passes("attach", "partition")) AttachPartition(tokens, table);
        else if (tokens.Passes("alter", "column")) AlterColumn(tokens, table);
        else AddConstraint(tokens, table);
    }

    private void AttachPartition(SqlTokens tokens, QualifiedName table)
    {
        var parent = _tables[table];
        Change(tokens.QualifiedName(), t => t with { PartitionOf = parent.Oid });
        tokens.SkipRest();
    }

    private void AlterColumn(SqlTokens tokens, QualifiedName table)
    {
        var column = tokens.Name();
        if (tokens.Is("set", "default") || tokens.Is("add", "generated")) ChangeColumn(table, column, c => c with { HasDefault = true });
        else if (!tokens.Is("set", "statistics") && !tokens.Is("set", "storage") && !tokens.Is("set", "compression") && !tokens.Is("set", "(")) throw new FormatException("Not a default.");
        tokens.SkipRest();
    }

    private void AddConstraint(SqlTokens tokens, QualifiedName table)
    {
        tokens.Expect("add", "constraint");
        var name = tokens.Name();
        if (tokens.Is("check") || tokens.Is("exclude")) tokens.SkipRest();
        else if (tokens.Passes("not", "null"))
        {
            ChangeColumn(table, tokens.Name(), c => c with { NotNull = true });
            tokens.Passes("no", "inherit");
            tokens.Passes("not", "valid");
        }
        else if (tokens.Passes("foreign", "key")) AddForeignKey(tokens, table, name);
        else
        {
            var isPrimary = tokens.Passes("primary", "key");
            if (!isPrimary) tokens.Expect("unique");
            tokens.Passes("nulls", "not", "distinct");
            AddIndex(table, name, tokens.Names(), isPrimary);
            SkipParameters(tokens);
        }
    }

    private void AddForeignKey(SqlTokens tokens, QualifiedName table, string name)
    {
        var columns = tokens.Names();
        tokens.Expect("references");
        var key = new ForeignKey
        {
            Oid = (uint)_foreignKeys.Count + 1,
            Name = name,
            Table = table,
            Columns = [.. columns],
            ReferencedTable = tokens.QualifiedName(),
            ReferencedColumns = [.. tokens.Names()],
            MatchFull = tokens.Passes("match", "full"),
            OnUpdate = tokens.Passes("on", "update") ? Action(tokens) : ReferentialAction.NoAction,
            OnDelete = tokens.Passes("on", "delete") ? Action(tokens) : ReferentialAction.NoAction,
            SetColumns = tokens.Is("(") ? [.. tokens.Names()] : [],
            Deferrable = tokens.Passes("deferrable"),
            InitiallyDeferred = tokens.Passes("initially", "deferred"),
        };
        var enforced = !tokens.Passes("not", "enforced");
        var valid = !tokens.Passes("not", "valid");
        // The triggers of a foreign key are numbered as it is made, and fire in the order of their names.
        var trigger = new ForeignKeyTrigger(_tables[key.ReferencedTable].Oid, $"RI_ConstraintTrigger_a_{key.Oid:D10}", ForeignKeyEvent.ReferencedRowDeleted, IsEnabled: true);
        Check(key);
        _foreignKeys.Add((table, name), key with { Enforced = enforced, Validated = enforced && valid, Triggers = [trigger] });
    }

    private static ReferentialAction Action(SqlTokens tokens) =>
        Enum.GetValues<ReferentialAction>().Cast<ReferentialAction?>().FirstOrDefault(a => tokens.Passes(a!.Value.ToSql().Split(' '))) ?? throw new FormatException("Not an action.");

    // A file that somebody edited can hold what no database would.
    private void Check(ForeignKey key)
    {
        var (from, to) = (_tables[key.Table], _tables[key.ReferencedTable]);
        var pairs = key.Columns.Zip(key.ReferencedColumns, (column, referenced) => (Column: from.Column(column), Referenced: to.Column(referenced))).ToList();
        if (key.Columns.Length != key.ReferencedColumns.Length || pairs.Exists(p => p.Column is null || p.Referenced is null || !SoftTypes.Same(p.Column, p.Referenced))) throw new FormatException("Not such columns.");
        if (!to.Indexes.Any(i => i.Columns.ToHashSet().SetEquals(key.ReferencedColumns))) throw new FormatException("Not a key.");
    }

    private void CommentOnConstraint(SqlTokens tokens)
    {
        tokens.Expect("comment", "on", "constraint");
        var name = tokens.Name();
        tokens.Expect("on");
        if (!tokens.Passes("domain") && (tokens.QualifiedName(), name) is var key && _foreignKeys.TryGetValue(key, out var commented))
        {
            tokens.Expect("is");
            _foreignKeys[key] = commented with { Comment = tokens.Literal() };
        }

        tokens.SkipRest();
    }

    private void Change(QualifiedName table, Func<Table, Table> change) => _tables[table] = change(_tables[table]);

    private void ChangeColumn(QualifiedName table, string name, Func<Column, Column> change)
    {
        // A view's columns have defaults, too.
        if (!_tables.TryGetValue(table, out var found)) return;
        var column = found.Column(name) ?? throw new FormatException("Not such a column.");
        _tables[table] = found with { Columns = found.Columns.Replace(column, change(column)) };
    }

    private CatalogSnapshot Catalog(ServerInfo server) => new(
        server,
        [.. _tables.Values.Where(t => !IsOurs(t.Name)).OrderBy(t => t.Name).Select(t => t with { Columns = [.. t.Columns.Select(c => c with { NotNull = c.NotNull || _domainsNotNull.Contains(c.Type) })] })],
        [.. _foreignKeys.Values.Where(f => !IsOurs(f.Table)).OrderBy(f => f.Table).ThenBy(f => f.Name, StringComparer.Ordinal)]);

    private static bool IsOurs(QualifiedName table) => table.Schema == "expunge";

    [GeneratedRegex(@"^-- Dumped from database version (\d{1,3})\b", RegexOptions.Multiline)]
    private static partial Regex DumpedFrom();

    [GeneratedRegex(@"^SELECT pg_catalog\.set_config\('search_path', '', false\)$")]
    private static partial Regex EmptySearchPath();

    // They hold no reference, and change nothing of one.
    [GeneratedRegex(@"^(SET\s|SELECT pg_catalog\.|COMMENT ON (?!CONSTRAINT)|CREATE (OR REPLACE )?(EXTENSION|SEQUENCE|TYPE|FUNCTION|PROCEDURE|AGGREGATE|OPERATOR|CAST|COLLATION|CONVERSION|STATISTICS|TEXT SEARCH|VIEW|MATERIALIZED VIEW|INDEX|TRIGGER|CONSTRAINT TRIGGER|EVENT TRIGGER|POLICY|(TRUSTED )?(PROCEDURAL )?LANGUAGE|FOREIGN)\s|ALTER (?!TABLE\b|DATABASE\b|DOMAIN\b.*\bNOT NULL\b))", RegexOptions.Singleline)]
    private static partial Regex Irrelevant();
}
