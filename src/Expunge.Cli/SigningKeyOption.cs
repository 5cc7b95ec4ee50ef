using System.CommandLine;
using Expunge.Receipts;

namespace Expunge.Cli;

/// <summary>For the commands that seal receipts, or look into one.</summary>
internal static class SigningKeyOption
{
    public static readonly Option<string?> Instance = new("--signing-key")
    {
        Description = "The key that signs the receipt; else EXPUNGE_SIGNING_KEY, EXPUNGE_SIGNING_KEY_FILE, the file of  expunge keys create",
        HelpName = "FILE",
    };

    /// <summary>The key; null where there is none. Before anything is changed, so that a wrong one stops nothing half-way.</summary>
    public static SigningKey? Find(Session session) => SigningKeyFile.Find(session.Parsed.GetValue(Instance), Environment.GetEnvironmentVariable);
}
