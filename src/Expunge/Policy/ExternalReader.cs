using System.Collections.Immutable;
using Expunge.Postgres;

namespace Expunge.Policy;

/// <summary>Reads <c>external:</c>, one column or a list of them.</summary>
internal static class ExternalReader
{
    internal static ImmutableArray<ExternalColumnPolicy> Read(YamlNode node, string schema, PolicyErrors errors)
    {
        if (node is YamlSequence { Items.Length: 0 }) errors.Add(node.Location, "'external' names no column; name one or remove it");
        var found = new List<ExternalColumnPolicy>();
        foreach (var item in node is YamlSequence list ? list.Items : [node])
        {
            if (Column(item, schema, errors) is not { } column) continue;
            if (found.Find(c => c.Table == column.Table && c.Column == column.Column) is { } first) errors.Add(item.Location, $"the column '{column.Display(schema)}' is already in line {first.Location.Line}");
            else found.Add(column);
        }

        return [.. found];
    }

    private static ExternalColumnPolicy? Column(YamlNode node, string schema, PolicyErrors errors)
    {
        if (errors.Text(node, "external") is not { } text || errors.Try(node, () => Identifier.Split(text)) is not { } parts) return null;
        switch (parts)
        {
            case [var table, var column]: return new(new(schema, table), column, node.Location);
            case [var named, var table, var column]: return new(new(named, table), column, node.Location);
        }

        errors.Add(node.Location, $"'{text}' is not the name of a column; write 'table.column' or 'schema.table.column'");
        return null;
    }
}
