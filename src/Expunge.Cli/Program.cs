using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.Text;
using Expunge.Cli.Commands;

namespace Expunge.Cli;

internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        var root = CreateRoot();
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors) await Console.Error.WriteLineAsync(error.Message);
            await Console.Error.WriteLineAsync($"Run  {string.Join(' ', Names(parsed.CommandResult))} --help  for what it takes.");
            return ExitCodes.Usage;
        }

        // Ctrl-C and SIGTERM cancel the command's token; it gets the time to roll back and to say where it stopped.
        return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(30), EnableDefaultExceptionHandler = false });
    }

    private static IEnumerable<string> Names(CommandResult command) => (command.Parent is CommandResult parent ? Names(parent) : []).Append(command.Command.Name);

    /// <summary>The tree of commands; also what the tests of the docs read.</summary>
    internal static Command CreateRoot()
    {
        // Not RootCommand: that takes the assembly's name, which can't be "expunge" beside the library Expunge.
        var root = new Command("expunge", "Makes deleting a user from PostgreSQL complete, safe and provable.")
        {
            InitCommand.Create(), PlanCommand.Create(), UpgradeCommand.Create(), DowngradeCommand.Create(), CurrentCommand.Create(), HistoryCommand.Create(),
            VerifyCommand.Create(), OrphansCommand.Create(), SharedCommand.Create(), ProbeCommand.Create(), RehearseCommand.Create(), GuardCommand.Create(), SoftCommand.Create(), GraphCommand.Create(),
            DeleteCommand.Create(), DeletionsCommand.Create(), OutboxCommand.Create(), MarkCommand.CreateMark(), MarkCommand.CreateUnmark(),
            ReceiptCommand.Create(), KeysCommand.Create(), BackupCommand.Create(), ServeCommand.Create(), WorkerCommand.Create(), AuditCommand.Create(), AdminCommand.Create(), DemoCommand.Create(),
            new HelpOption(), new VersionOption(),
        };
        GlobalOptions.AddTo(root);
        return root;
    }
}
