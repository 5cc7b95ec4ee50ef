using System.CommandLine;
using Expunge.Graph;
using Expunge.Policy;
using Expunge.Verification;

namespace Expunge.Cli.Commands;

internal static class InitCommand
{
    private static readonly Option<bool> Force = new("--force") { Description = "Overwrite an existing policy file" };

    public static Command Create()
    {
        var command = new Command("init", "Write a policy from the database, with a suggestion and a reason for every shared reference") { Force };
        command.SetAction(Session.Action(RunAsync));
        return command;
    }

    private static async Task<int> RunAsync(Session session, CancellationToken cancellation)
    {
        var path = session.ConfigPath ?? "expunge.yaml";
        if (File.Exists(path) && !session.Parsed.GetValue(Force)) throw new ExpungeException(ErrorCodes.FileExists, $"{path} exists already.", "Give another file with --config, or --force to overwrite it.");
        await using var connection = await session.Database.OpenAsync(cancellation);
        var catalog = await session.Database.ReadCatalogAsync(cancellation);
        if (session.Parsed.GetValue(GlobalOptions.Root) is not { } name)
        {
            var most = catalog.ForeignKeys.GroupBy(f => f.ReferencedTable).OrderByDescending(g => g.Count()).Take(3).Select(g => $"{g.Key} ({g.Count()} references)").ToList();
            throw new ExpungeException(ErrorCodes.Usage, "Which table holds the users is not said.", $"Give it with --root schema.table.{(most.Count > 0 ? $" Most references lead to {string.Join(", ", most)}." : "")}");
        }

        // The same check, and the same message, as for a policy.
        var root = Decisions.Of(catalog, new PolicyFile { Root = Session.RootName(name) }).Reach.Root;
        var suggestions = Suggestions.For(catalog, root);
        var differing = new Dictionary<Reference, long?>();
        foreach (var suggestion in suggestions) differing[suggestion.Reference] = await SharedRows.CountAsync(connection, catalog, root, suggestions, suggestion, cancellation);
        await File.WriteAllTextAsync(path, PolicyDraft.Write(catalog, root, suggestions, differing), cancellation);

        var matter = differing.Count(d => d.Value is null or > 0);
        if (session.Json)
        {
            Session.PrintJson(new
            {
                file = path,
                root = root.Name.ToString(),
                suggestions = suggestions.Select(s => new { reference = s.Reference.Display(root.Name.Schema), action = s.Action.Word(), s.Reason, rowsThatDiffer = differing[s.Reference] }),
            });
        }
        else
        {
            Output.Line($"Wrote {path}: {suggestions.Length} shared references with a suggestion each, {matter} of them with rows of two users today.");
            Output.Line("Review the lines marked '# review', then:  expunge plan");
        }

        return ExitCodes.Ok;
    }
}
