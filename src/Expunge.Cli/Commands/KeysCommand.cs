using System.CommandLine;
using Expunge.Receipts;

namespace Expunge.Cli.Commands;

internal static class KeysCommand
{
    private static readonly Argument<string?> FileName = new("file") { Description = "Where to [default: expunge/signing-key.pem in the user's configuration directory]", Arity = ArgumentArity.ZeroOrOne };

    public static Command Create()
    {
        var create = new Command("create", "Make a signing key, and its public key beside it") { FileName };
        create.SetAction(Session.Action((session, _) => Task.FromResult(Create(session))));
        return new Command("keys", "The key that signs receipts") { create };
    }

    private static int Create(Session session)
    {
        var path = session.Parsed.GetValue(FileName) ?? SigningKeyFile.DefaultPath(Environment.GetEnvironmentVariable)
            ?? throw new ExpungeException(ErrorCodes.Usage, "This user has no home directory for the key.", "Name a file:  expunge keys create FILE");
        path = Path.GetFullPath(path);
        var key = SigningKeyFile.Create(path).PublicKey;
        if (session.Json)
        {
            Session.PrintJson(new { path, publicKeyPath = SigningKeyFile.PublicPath(path), keyId = key.Id });
        }
        else
        {
            Output.Line($"✅ Signing key {path}");
            Output.Line($"   public key {SigningKeyFile.PublicPath(path)}");
            Output.Line($"   key id {key.Id}");
            Output.Line("Back the signing key up, and keep it out of the database and of version control. Give the public key and its id to whoever is to verify receipts.");
        }

        return ExitCodes.Ok;
    }
}
