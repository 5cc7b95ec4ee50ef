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

    /// <summary>How long a step tries to get its locks.</summary>
    public static readonly Option<int> MaxWait = new("--max-wait") { Description = "Seconds that a step tries to get its locks", HelpName = "seconds", DefaultValueFactory = _ => 60 };

    public static void AddTo(Command root)
    {
        MaxWait.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !(int.TryParse(text, out var seconds) && seconds is > 0 and <= 86_400)) result.AddError("--max-wait takes a number of seconds from 1 to 86400.");
        });
        root.Options.Add(Database);
        root.Options.Add(Config);
        root.Options.Add(Root);
        root.Options.Add(Json);
        root.Options.Add(Verbose);
    }
}
