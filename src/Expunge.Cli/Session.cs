using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Expunge.Policy;
using Expunge.Postgres;

namespace Expunge.Cli;

/// <summary>What a command works with: its parsed options, the database, the policy. Turns errors into messages and exit codes.</summary>
internal sealed class Session(ParseResult parsed) : IAsyncDisposable
{
    public static readonly JsonSerializerOptions JsonStyle = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    private Database? _database;
    private bool _changing;

    public ParseResult Parsed { get; } = parsed;

    public bool Json => Parsed.GetValue(GlobalOptions.Json);

    public string? ConfigPath => Parsed.GetValue(GlobalOptions.Config);

    public Database Database => _database ??= new Database(ConnectionSettings.Resolve(Parsed.GetValue(GlobalOptions.Database), Environment.GetEnvironmentVariable));

    /// <summary>What Ctrl-C leaves, where nothing was confirmed.</summary>
    public string WhenStopped { get; set; } = "Nothing was changed.";

    public string Where => ConnectionSettings.Describe(Database.Settings);

    /// <summary>The policy file, or one with the root alone.</summary>
    public PolicyFile Policy()
    {
        var root = Parsed.GetValue(GlobalOptions.Root);
        if (root is null) return PolicyReader.Load(ConfigPath ?? "expunge.yaml");
        if (ConfigPath is not null) throw new ExpungeException(ErrorCodes.Usage, "--root and --config exclude each other: the policy file names its root.", "Leave one of them out.");
        return new PolicyFile { Root = RootName(root) };
    }

    public static QualifiedName RootName(string text) => TableName("--root", text, "public");

    /// <summary>The table that an option names.</summary>
    public static QualifiedName TableName(string option, string text, string defaultSchema)
    {
        try
        {
            return QualifiedName.Parse(text, defaultSchema);
        }
        catch (FormatException e)
        {
            throw new ExpungeException(ErrorCodes.Usage, $"{option}: {e.Message}", "Write it as schema.table, such as public.users.", e);
        }
    }

    public static void PrintJson(object document) => Console.Out.WriteLine(JsonSerializer.Serialize(document, JsonStyle));

    /// <summary>Asks before something is changed. Refuses where there is nobody to ask.</summary>
    public async Task ConfirmAsync(string question, CancellationToken cancellation)
    {
        if (Parsed.GetValue(GlobalOptions.Yes))
        {
            _changing = true;
            return;
        }

        if (Console.IsInputRedirected || Json)
        {
            throw new ExpungeException(ErrorCodes.NeedsConfirmation, $"{question} There is no terminal to ask at.", "Give --yes to go on. Nothing was changed.");
        }

        Console.Out.Write($"{question} [y/N] ");
        // A terminal's read can't be cancelled: Ctrl-C leaves it behind.
        if ((await Task.Run(Console.ReadLine, CancellationToken.None).WaitAsync(cancellation))?.Trim() is not ("y" or "Y" or "yes")) throw new OperationCanceledException();
        _changing = true;
    }

    /// <summary>The action of a command: runs it and answers with its exit code whatever happens.</summary>
    public static Func<ParseResult, CancellationToken, Task<int>> Action(Func<Session, CancellationToken, Task<int>> run) => async (parsed, cancellation) =>
    {
        await using var session = new Session(parsed);
        try
        {
            return await run(session, cancellation);
        }
        catch (ExpungeException e)
        {
            return await session.ReportAsync(e);
        }
        catch (Embedded.EmbeddedPostgresException e)
        {
            return await session.ReportAsync(new ExpungeException(ErrorCodes.NoServerBinaries, e.Message, e.NextStep, e));
        }
        catch (Exception e) when (e is OperationCanceledException || (cancellation.IsCancellationRequested && e is Npgsql.NpgsqlException or IOException))
        {
            await Console.Error.WriteLineAsync($"\nStopped. {(session._changing ? "What is done stays done; the same command goes on from there." : session.WhenStopped)}");
            return ExitCodes.NotOk;
        }
        catch (Exception e) when (e is Npgsql.NpgsqlException or IOException or UnauthorizedAccessException)
        {
            return await session.ReportAsync(e switch
            {
                Npgsql.PostgresException { SqlState: Npgsql.PostgresErrorCodes.InsufficientPrivilege } p => new ExpungeException(ErrorCodes.MissingRight, $"This role may not do that: {p.MessageText}.", "Have the owner grant it the right, or connect as another role.", e),
                Npgsql.PostgresException p => new ExpungeException(ErrorCodes.StepFailed, $"PostgreSQL refused: {p.MessageText} (SQLSTATE {p.SqlState}).", "Correct that and run the same command again.", e),
                Npgsql.NpgsqlException => new ExpungeException(ErrorCodes.CannotConnect, $"The connection or the server failed: {e.Message}.", "Run the same command again: it goes on from what is done.", e),
                _ => new ExpungeException(ErrorCodes.Usage, e.Message, "Check the path and its permissions.", e),
            });
        }
    };

    /// <returns>The exit code: EXP1nnn is wrong usage, policy or connection; EXP2nnn what the database holds.</returns>
    private async Task<int> ReportAsync(ExpungeException e)
    {
        if (Json) PrintJson(new { error = new { e.Code, e.Message, e.NextStep } });
        await Console.Error.WriteLineAsync($"❌ {e.Message}\n   → {e.NextStep}  [{e.Code}]");
        if (Parsed.GetValue(GlobalOptions.Verbose)) await Console.Error.WriteLineAsync(e.ToString());
        return e.Code.StartsWith("EXP1", StringComparison.Ordinal) ? ExitCodes.Usage : ExitCodes.NotOk;
    }

    public ValueTask DisposeAsync() => _database?.DisposeAsync() ?? ValueTask.CompletedTask;
}
