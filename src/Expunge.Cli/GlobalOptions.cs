using System.CommandLine;

namespace Expunge.Cli;

/// <summary>The options that every command takes.</summary>
internal static class GlobalOptions
{
    public static readonly Option<string?> Database = new("--database", "-d")
    {
        Description = "Npgsql string or postgresql:// URI; else EXPUNGE_DATABASE, else PGHOST, PGDATABASE, …",
        HelpName = "connection",
        Recursive = true,
    };

    public static readonly Option<string?> Config = new("--config", "-c") { Description = "The policy file [default: ./expunge.yaml]", HelpName = "file", Recursive = true };

    public static readonly Option<string?> Root = new("--root") { Description = "The table whose rows are the subjects, instead of a policy file", HelpName = "schema.table", Recursive = true };

    public static readonly Option<bool> Json = new("--json") { Description = "One JSON document on stdout", Recursive = true };

    public static readonly Option<bool> Verbose = new("--verbose") { Description = "Stack traces with errors", Recursive = true };

    /// <summary>For the commands that change something.</summary>
    public static readonly Option<bool> Yes = new("--yes", "-y") { Description = "Answer the confirmation with yes" };

    /// <summary>For the commands that may create the journal.</summary>
    public static readonly Option<bool> AcceptPublished = new("--accept-published") { Description = "Create the schema expunge although a publication FOR ALL TABLES will publish it" };

    public static void AddTo(Command root)
    {
        root.Options.Add(Database);
        root.Options.Add(Config);
        root.Options.Add(Root);
        root.Options.Add(Json);
        root.Options.Add(Verbose);
    }
}
