using System.CommandLine;
using Expunge.Pictures;
using Expunge.Policy;

namespace Expunge.Cli.Commands;

internal static class GraphCommand
{
    private const string Tree = "tree";

    private static readonly Option<string?> Format = new("--format") { Description = "tree, mermaid, dot or svg [default: by the ending of --output's file, else tree]", HelpName = "format" };
    private static readonly Option<string?> FileName = new("--output") { Description = "Write it to a file", HelpName = "file" };
    private static readonly Option<bool> Force = new("--force") { Description = "Overwrite an existing file" };

    static GraphCommand() => Format.AcceptOnlyFromAmong(Tree, "mermaid", "dot", "svg");

    public static Command Create()
    {
        var command = new Command("graph", "Draw the tables that a deletion concerns and the references between them, as they are and as the policy wants them") { Format, FileName, Force };
        command.SetAction(Session.Action(RunAsync));
        return command;
    }

    private static async Task<int> RunAsync(Session session, CancellationToken cancellation)
    {
        var (format, path) = (session.Parsed.GetValue(Format), session.Parsed.GetValue(FileName));
        if (session.Json && (format ?? path) is not null) throw new ExpungeException(ErrorCodes.Usage, "--json prints what the pictures show; it has no --format and no --output.", "Leave them out, or leave --json out.");
        if (path is not null && File.Exists(path) && !session.Parsed.GetValue(Force)) throw new ExpungeException(ErrorCodes.FileExists, $"{path} exists already.", "Give another file with --output, or --force to overwrite it.");

        var picture = Picture.Of(Decisions.Of(await session.Database.ReadCatalogAsync(cancellation), session.Policy()));
        if (session.Json)
        {
            Session.PrintJson(picture);
            return ExitCodes.Ok;
        }

        var text = Draw(picture, format ?? FormatOf(path));
        if (path is null)
        {
            Console.Out.Write(text);
        }
        else
        {
            await File.WriteAllTextAsync(path, text, cancellation);
            Output.Line($"Wrote {path}: {picture.Tables.Length} tables.");
        }

        return ExitCodes.Ok;
    }

    private static string FormatOf(string? path) => Path.GetExtension(path)?.ToUpperInvariant() switch
    {
        ".SVG" => "svg",
        ".DOT" or ".GV" => "dot",
        ".MMD" or ".MERMAID" => "mermaid",
        _ => Tree,
    };

    private static string Draw(Picture picture, string format) => format switch
    {
        "svg" => SvgPicture.Draw(picture),
        "dot" => DotPicture.Draw(picture),
        "mermaid" => MermaidPicture.Draw(picture),
        _ => TreePicture.Draw(picture),
    };
}
