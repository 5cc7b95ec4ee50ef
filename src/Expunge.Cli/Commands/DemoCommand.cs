using System.CommandLine;

namespace Expunge.Cli.Commands;

internal static class DemoCommand
{
    public static Command Create() => new("demo", "x");
}
