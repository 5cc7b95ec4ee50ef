using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Expunge.Pictures;

/// <summary>The elements of SVG that the drawing uses. What writes XML escapes it.</summary>
internal static class SvgXml
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    /// <summary>An element; attributes without a value are left out.</summary>
    public static XElement Element(string name, (string Name, object? Value)[] attributes, params object?[] content) =>
        new(Svg + name, attributes.Where(a => a.Value is not null).Select(a => new XAttribute(a.Name, a.Value!)), content);

    public static XElement Group((string Name, object? Value)[] attributes, params object?[] content) => Element("g", attributes, content);

    public static XElement Rectangle(int x, int y, int width, int height, string? fill = null, int? rounded = null) =>
        Element("rect", [("x", x), ("y", y), ("width", width), ("height", height), ("rx", rounded), ("fill", fill)]);

    public static XElement Circle(int x, int y, int radius) => Element("circle", [("cx", x), ("cy", y), ("r", radius)]);

    public static XElement Path(string path, bool dashed = false, string? fill = null, params object?[] content) => Element("path", [("d", path), ("stroke-dasharray", dashed ? "4 3" : null), ("fill", fill)], content);

    public static XElement Text(string text, int x, int y, int size, string? fill = null, bool bold = false, string? anchor = null) =>
        Element("text", [("x", x), ("y", y), ("font-size", size), ("fill", fill), ("font-weight", bold ? "bold" : null), ("text-anchor", anchor)], text);

    public static XElement Tooltip(string text) => Element("title", [], text);

    public static string Write(XElement svg)
    {
        var text = new StringBuilder();
        using (var writer = XmlWriter.Create(text, new XmlWriterSettings { OmitXmlDeclaration = true, Indent = true, IndentChars = "", NewLineChars = "\n" })) svg.Save(writer);
        return text.Append('\n').ToString();
    }
}
