using System.CommandLine;
using System.Text;
using Expunge.Postgres;
using Expunge.Server.Accounts;
using Spectre.Console;

namespace Expunge.Cli.Commands;

internal static class AdminCommand
{
    private static readonly Argument<string> Name = new("name") { Description = "The account's name" };
    private static readonly Option<bool> Super = new("--super") { Description = "The super admin, who manages the other accounts; there is one" };

    public static Command Create()
    {
        var create = new Command("create", "Create an account; the password is asked for, or read from standard input") { Name, Super, GlobalOptions.AcceptPublished };
        create.SetAction(Session.Action(CreateAsync));
        var password = new Command("password", "Give an account another password, and end its sign-ins") { Name };
        password.SetAction(Session.Action(PasswordAsync));
        var list = new Command("list", "List the accounts");
        list.SetAction(Session.Action(ListAsync));
        return new Command("admin", "Accounts of the admin API and the dashboard") { create, password, list };
    }

    private static async Task<int> CreateAsync(Session session, CancellationToken cancellation)
    {
        var name = session.Parsed.GetValue(Name);
        AccountRules.CheckName(name);
        var password = await ReadPasswordAsync(cancellation);
        AccountRules.CheckPassword(password, name);
        await ExpungeSchema.EnsureServerAsync(session.Database, session.Parsed.GetValue(GlobalOptions.AcceptPublished), cancellation);
        var account = await new AccountStore(session.Database).CreateAsync(name, password, session.Parsed.GetValue(Super), cancellation: cancellation);
        if (session.Json) Session.PrintJson(new { account.Id, account.Name, account.IsSuper });
        else Output.Line($"✅ Created {(account.IsSuper ? "super admin" : "admin")} {account.Name} in {session.Where}. Sign in with  expunge serve");
        return ExitCodes.Ok;
    }

    private static async Task<int> PasswordAsync(Session session, CancellationToken cancellation)
    {
        var name = session.Parsed.GetValue(Name)!;
        var accounts = new AccountStore(session.Database);
        var account = (await ExpungeSchema.HasServerAsync(session.Database, cancellation) ? await accounts.FindAsync(name, cancellation) : null)
            ?? throw new ExpungeException(ErrorCodes.AccountNotFound, $"There is no account '{name}'.", "expunge admin list  shows them.");
        // An older version may have made some of them.
        await ExpungeSchema.EnsureServerAsync(session.Database, cancellation: cancellation);
        await accounts.ChangePasswordAsync(account, await ReadPasswordAsync(cancellation), cancellation: cancellation);
        if (session.Json) Session.PrintJson(new { account.Id, account.Name, account.IsSuper });
        else Output.Line($"✅ {account.Name} has another password; whoever was signed in with it no longer is.");
        return ExitCodes.Ok;
    }

    private static async Task<int> ListAsync(Session session, CancellationToken cancellation)
    {
        var accounts = await ExpungeSchema.HasServerAsync(session.Database, cancellation) ? await new AccountStore(session.Database).ListAsync(cancellation) : [];
        if (session.Json) Session.PrintJson(new { accounts = accounts.Select(a => new { a.Id, a.Name, a.IsSuper, a.CreatedAt }) });
        else if (accounts.Count == 0) Output.Line("There is no account. Create the first:  expunge admin create NAME --super");
        else Output.Columns(["id", "name", "super", "created (UTC)"], accounts.Select(a => (string[])[$"{a.Id}", a.Name, a.IsSuper ? "yes" : "", $"{a.CreatedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss}"]));
        return ExitCodes.Ok;
    }

    /// <summary>The password: twice and unseen at a terminal, else one line from standard input. Never an argument, which other users of the machine could see.</summary>
    private static async Task<string> ReadPasswordAsync(CancellationToken cancellation)
    {
        if (Console.IsInputRedirected) return await ReadLineAsync(cancellation);
        var first = await AskAsync("Password: ", cancellation);
        if (await AskAsync("Once more: ", cancellation) == first) return first;
        throw new ExpungeException(ErrorCodes.BadAccount, "The two passwords differ.", "Run the command again. Nothing was changed.");
    }

    // Not Console.In: that takes a byte order mark for a part of the password, and replaces what is no UTF-8.
    private static async Task<string> ReadLineAsync(CancellationToken cancellation)
    {
        try
        {
            using var input = new StreamReader(Console.OpenStandardInput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true));
            return await input.ReadLineAsync(cancellation) ?? "";
        }
        catch (DecoderFallbackException e)
        {
            throw new ExpungeException(ErrorCodes.BadAccount, "The password on standard input is not text in UTF-8.", "Pipe it as UTF-8. Nothing was changed.", e);
        }
    }

    // On standard error, so that standard output can be piped.
    private static Task<string> AskAsync(string prompt, CancellationToken cancellation) => new TextPrompt<string>(prompt) { AllowEmpty = true }.Secret(null)
        .ShowAsync(AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error), Interactive = InteractionSupport.Yes }), cancellation);
}
