using System.Collections.Immutable;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Expunge.Policy;

/// <summary>Makes a tree of YAML text.</summary>
/// <remarks>
/// YamlDotNet's own representation model stops at the first duplicate key and resolves aliases silently; a policy's author is told of everything at once,
/// and a reviewer of a policy sees each action where it is written. So the tree is built from the parser's events.
/// </remarks>
internal sealed class YamlComposer(IParser parser, PolicyErrors errors)
{
    // No policy nests deeper than four levels. The bound keeps hostile text from exhausting the stack.
    private const int MaxDepth = 16;

    /// <summary>The document's top node, or null when there is none to speak of (then an error was added).</summary>
    internal static YamlNode? Compose(string yaml, PolicyErrors errors)
    {
        var text = yaml.TrimStart('\uFEFF');
        var parser = new Parser(new StringReader(text));
        try
        {
            return new YamlComposer(parser, errors).Document();
        }
        catch (YamlException e)
        {
            errors.Add(YamlSyntax.Explain(text, e));
        }
        catch (InvalidOperationException)
        {
            // The scanner fails like this on some unclosed lists; the last thing that it understood is the nearest place known.
            errors.Add(At((parser.Current?.End).GetValueOrDefault()), "not valid YAML after this place; is a bracket, brace or quote not closed?");
        }

        return null;
    }

    private YamlNode? Document()
    {
        parser.Consume<StreamStart>();
        if (parser.Accept<StreamEnd>(out _))
        {
            errors.Add(new(1, 1), "the policy is empty; it needs at least 'root', such as 'root: public.users'");
            return null;
        }

        parser.Consume<DocumentStart>();
        var node = Node(0);
        parser.Consume<DocumentEnd>();
        if (parser.Accept<DocumentStart>(out var second)) errors.Add(At(second.Start), "a second YAML document begins here; a policy is one document");
        return node;
    }

    private YamlNode Node(int depth)
    {
        if (parser.TryConsume<AnchorAlias>(out var alias))
        {
            return Invalid(alias, $"the alias '*{alias.Value}' is not supported in a policy; write the value here again");
        }

        // For a list item that is just ':' the parser gives a key without a value.
        if (!parser.Accept<NodeEvent>(out var start)) throw new SyntaxErrorException(parser.Current!.Start, parser.Current.End, "A value is missing.");
        if (!start.Anchor.IsEmpty) errors.Add(At(start.Start), $"the anchor '&{start.Anchor.Value}' is not supported in a policy");
        if (!start.Tag.IsEmpty) errors.Add(At(start.Start), $"the tag '{start.Tag.Value}' is not supported in a policy");
        if (depth == MaxDepth)
        {
            parser.SkipThisAndNestedEvents();
            return Invalid(start, "nested too deeply");
        }

        if (parser.TryConsume<Scalar>(out var scalar))
        {
            return scalar.Value.Contains('\0', StringComparison.Ordinal)
                ? Invalid(scalar, "a NUL character can't be in a name or text")
                : new YamlScalar(scalar.Value, scalar.Style == ScalarStyle.Plain, At(scalar.Start));
        }

        return parser.TryConsume<SequenceStart>(out _) ? Sequence(At(start.Start), depth) : Mapping(At(start.Start), depth);
    }

    private YamlSequence Sequence(SourceLocation location, int depth)
    {
        var items = ImmutableArray.CreateBuilder<YamlNode>();
        while (!parser.TryConsume<SequenceEnd>(out _)) items.Add(Node(depth + 1));
        return new(items.ToImmutable(), location);
    }

    private YamlMapping Mapping(SourceLocation location, int depth)
    {
        var entries = ImmutableArray.CreateBuilder<(YamlScalar Key, YamlNode Value)>();
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        parser.Consume<MappingStart>();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var key = Node(depth + 1);
            var value = Node(depth + 1);
            if (key is not YamlScalar scalar)
            {
                if (key is not YamlInvalid) errors.Add(key.Location, "a key is a single name, not a list or mapping");
            }
            else if (!lines.TryAdd(scalar.Text, scalar.Location.Line))
            {
                errors.Add(scalar.Location, $"'{scalar.Text}' is here twice; it is already in line {lines[scalar.Text]}");
            }
            else
            {
                entries.Add((scalar, value));
            }
        }

        return new(entries.ToImmutable(), location);
    }

    private YamlInvalid Invalid(ParsingEvent where, string message)
    {
        errors.Add(At(where.Start), message);
        return new(At(where.Start));
    }

    private static SourceLocation At(Mark mark) => mark.Line == 0 ? new(1, 1) : new((int)mark.Line, (int)mark.Column);
}
