using System.Diagnostics;
using System.Text.RegularExpressions;
using Expunge.Postgres;
using Expunge.Testing;
using Xunit;

namespace Expunge.Cli.Tests;

/// <summary>
/// The transcripts of one page: blocks that are marked <c>&lt;!-- transcript: zivohealth --&gt;</c>. They run in order, each such mark on a fresh database and in a fresh directory with the
/// policy as <c>expunge.yaml</c>; <c>&lt;!-- transcript: continued --&gt;</c> goes on with the last. Words after <c>zivohealth</c>: <c>upgraded</c> (it is), <c>bare</c> (no policy file),
/// <c>external</c> (the policy names external columns), <c>pg_dump</c> (is left out where there is none for the server). <c>expunge serve &amp;</c> goes on to the end of the page; its address is written <c>http://localhost:8000</c>. What a command reads
/// with <c>&lt; FILE</c> is a file of the folder, and what it prints goes into one with <c>&gt; FILE</c>; <c>password.txt</c> holds a password, <c>users.txt</c> keys, <c>schema.sql</c> the schema. Other commands than <c>expunge</c> are run by the shell, <c>NAME=$(…)</c> sets a variable of the later ones.
/// </summary>
internal sealed partial class DocsTranscript
{
    private const string ShownUrl = "http://localhost:8000";

    private static readonly bool Updates = System.Environment.GetEnvironmentVariable("EXPUNGE_UPDATE_DOCS") == "1";

    private readonly string _page;
    private string? _connectionString;
    private string _directory = "";
    private bool _skipping;
    private int _exitCode;
    private ExpungeProcess? _server;
    private string _serverUrl = ShownUrl;
    private readonly Dictionary<string, string?> _variables = new(StringComparer.Ordinal);

    private DocsTranscript(string page) => _page = page;

    /// <summary>Runs the page's transcripts.</summary>
    /// <returns>What differs, for people; nothing where nothing does, and where the page was rewritten.</returns>
    public static async Task<IReadOnlyList<string>> RunAsync(string page)
    {
        var transcript = new DocsTranscript(page);
        var differences = new List<string>();
        var replaced = new List<(DocsBlock Block, IReadOnlyList<string> Lines)>();
        foreach (var block in DocsPages.Blocks(page).Where(b => b.Mark.StartsWith("transcript:", StringComparison.Ordinal)))
        {
            await transcript.PrepareAsync(block.Mark["transcript:".Length..].Split((char[])[' ', ','], StringSplitOptions.RemoveEmptyEntries));
            if (transcript._skipping) continue;
            var lines = await transcript.RunAsync(block, differences);
            if (!lines.SequenceEqual(block.Lines)) replaced.Add((block, lines));
        }

        transcript._server?.Dispose();
        if (transcript._directory.Length > 0) Directory.Delete(transcript._directory, recursive: true);
        if (!Updates) return differences;
        var text = DocsPages.LinesOf(page).ToList();
        foreach (var (block, lines) in replaced.AsEnumerable().Reverse())
        {
            text.RemoveRange(block.Line - 1, block.Lines.Count);
            text.InsertRange(block.Line - 1, lines);
        }

        if (replaced.Count > 0) await File.WriteAllTextAsync(DocsPages.PathOf(page), string.Join('\n', text));
        return [];
    }

    private async Task PrepareAsync(string[] words)
    {
        if (words is ["continued"]) return;
        if (words is not ["zivohealth", ..] || words.Except(["zivohealth", "upgraded", "bare", "external", "pg_dump"]).Any()) throw new InvalidOperationException($"{_page}: 'transcript: {string.Join(' ', words)}' is not understood.");
        _skipping = words.Contains("pg_dump") && !await HasPgDumpAsync();
        if (_skipping) return;
        if (_directory.Length > 0) Directory.Delete(_directory, recursive: true);
        _directory = Directory.CreateTempSubdirectory("expunge-docs-").FullName;
        await File.WriteAllTextAsync(Path.Combine(_directory, "password.txt"), "your_password\n");
        await File.WriteAllTextAsync(Path.Combine(_directory, "users.txt"), "9\n10\n\n9\n");
        await File.WriteAllTextAsync(Path.Combine(_directory, "schema.sql"), ZivoHealth.Deployment.Schema());
        _connectionString = await DocsDatabase.CreateAsync(words.Contains("upgraded"));
        if (!words.Contains("bare")) await File.WriteAllTextAsync(Path.Combine(_directory, "expunge.yaml"), ZivoHealth.Deployment.Policy + (words.Contains("external") ? "\nexternal: medical_images.storage_key\n" : ""));
    }

    private async Task<List<string>> RunAsync(DocsBlock block, List<string> differences)
    {
        var lines = new List<string>();
        foreach (var (prompt, expected) in Commands(block))
        {
            var actual = Canonical(await OutputAsync(block, string.Join('\n', prompt))).Split('\n').Select(l => l.TrimEnd()).ToList();
            while (actual.Count > 0 && actual[^1].Length == 0) actual.RemoveAt(actual.Count - 1);
            var trailing = expected.AsEnumerable().Reverse().TakeWhile(l => l.Length == 0).Count();
            var shown = expected.SkipLast(trailing).ToList();
            var same = DocsCuts.Matches(shown, actual, Normal);
            if (!same) differences.Add($"{block.Place}: {prompt[0]}\n{DocsCuts.Difference(shown, actual, Normal)}\n(EXPUNGE_UPDATE_DOCS=1 writes what is printed now into the page.)\n");
            lines.AddRange(prompt);
            lines.AddRange(same ? shown : DocsCuts.Cut(shown, actual, Normal));
            lines.AddRange(Enumerable.Repeat("", trailing));
        }

        return lines;
    }

    private static IEnumerable<(List<string> Prompt, List<string> Output)> Commands(DocsBlock block)
    {
        for (var i = 0; i < block.Lines.Count;)
        {
            if (!Prompt().IsMatch(block.Lines[i])) throw new InvalidOperationException($"{block.Place}: a transcript begins with a command.");
            var prompt = new List<string> { block.Lines[i++] };
            while (i < block.Lines.Count && (block.Lines[i].StartsWith("zivohealth-# ", StringComparison.Ordinal) || block.Lines[i - 1].EndsWith('\\'))) prompt.Add(block.Lines[i++]);
            var output = block.Lines.Skip(i).TakeWhile(l => !Prompt().IsMatch(l)).ToList();
            i += output.Count;
            yield return (prompt, output);
        }
    }

    private async Task<string> OutputAsync(DocsBlock block, string prompt)
    {
        if (prompt.StartsWith("zivohealth", StringComparison.Ordinal)) return await DocsDatabase.RunAsync(_connectionString!, string.Join('\n', prompt.Split('\n').Select(l => l["zivohealth=# ".Length..])));
        switch (Words().Matches(prompt[2..]).Select(m => m.Value.Trim('"')).ToArray())
        {
            case ["expunge" or "./expunge", .. var args, "&"]:
                _server = ExpungeProcess.Start([.. args, "--port", "0"], Environment(), directory: _directory);
                var printed = await _server.UntilAsync("Ctrl-C stops it.");
                _serverUrl = Url().Match(printed).Value;
                return printed;
            case ["expunge" or "./expunge", .. var args, "<", var file]:
                return await ExpungeAsync(args, await File.ReadAllTextAsync(Path.Combine(_directory, file)));
            case ["expunge" or "./expunge", .. var args, ">", var file]:
                var written = await ExpungeAsync(args, input: null);
                await File.WriteAllTextAsync(Path.Combine(_directory, file), written);
                return "";
            case ["expunge" or "./expunge", .. var args]:
                // Nobody types at a terminal here: 'echo y |' is not what a page should show, so a page says --yes.
                return await ExpungeAsync(args, input: null);
            case ["echo", "$?"]:
                return $"{_exitCode}\n";
            case ["cat", var file]:
                return await File.ReadAllTextAsync(Path.Combine(_directory, file));
            case [var set, ..] when Assignment().Match(prompt[2..]) is { Success: true } assignment:
                _variables[assignment.Groups["name"].Value] = (await ShellAsync(assignment.Groups["command"].Value)).Trim();
                return "";
            case ["curl", ..]:
                return await ShellAsync(prompt[2..]) + "\n";
            default:
                throw new InvalidOperationException($"{block.Place}: '{prompt}' can't be run by the test.");
        }
    }

    private Dictionary<string, string?> Environment() => new(StringComparer.Ordinal) { ["EXPUNGE_DATABASE"] = _connectionString, ["XDG_CONFIG_HOME"] = Path.Combine(_directory, ".config") };

    private async Task<string> ExpungeAsync(IEnumerable<string> args, string? input)
    {
        var result = await ExpungeProcess.RunAsync(args, Environment(), input, _directory);
        _exitCode = result.ExitCode;
        return result.Output + result.Error;
    }

    private async Task<string> ShellAsync(string command)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", command.Replace(ShownUrl, _serverUrl, StringComparison.Ordinal).Replace("curl ", "curl -s ", StringComparison.Ordinal)]) { RedirectStandardOutput = true, UseShellExecute = false };
        foreach (var (name, value) in _variables) start.Environment[name] = value;
        using var shell = Process.Start(start)!;
        var output = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        _exitCode = shell.ExitCode;
        return output;
    }

    /// <summary>The output as a page shows it: a database on localhost, a directory of its own.</summary>
    private string Canonical(string output) => TestDatabase().Replace(
        Where().Replace(output.ReplaceLineEndings("\n"), "postgres@localhost:5432/zivohealth").Replace(Path.Combine(_directory, ".config"), "/home/anna/.config", StringComparison.Ordinal).Replace(_directory, "/srv/zivohealth", StringComparison.Ordinal).Replace(_serverUrl, ShownUrl, StringComparison.Ordinal), "zivohealth");

    /// <summary>A line without what differs from run to run: times, sizes, and the number of steps, which a partitioned table makes larger from PostgreSQL 18 on.</summary>
    private static string Normal(string line) => Varying().Replace(line.TrimEnd(), "~");

    /// <summary>Whether there is a pg_dump for the tests' server.</summary>
    internal static async Task<bool> HasPgDumpAsync()
    {
        try
        {
            await PgDump.FindAsync(await TestServer.MajorVersionAsync(), System.Environment.GetEnvironmentVariable, TestContext.Current.CancellationToken);
            return true;
        }
        catch (ExpungeException e) when (e.Code == ErrorCodes.PgDumpUnusable)
        {
            return false;
        }
    }

    [GeneratedRegex(@"^(\$|zivohealth=#) ")]
    private static partial Regex Prompt();

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+")]
    private static partial Regex Url();

    [GeneratedRegex(@"^(?<name>[A-Z]+)=\$\((?<command>.*)\)$", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Assignment();

    [GeneratedRegex("\"[^\"]*\"|\\S+")]
    private static partial Regex Words();

    [GeneratedRegex(@"postgres@127\.0\.0\.1:[0-9]+/[a-z0-9_]+")]
    private static partial Regex Where();

    [GeneratedRegex(@"\btest_[0-9]+\b")]
    private static partial Regex TestDatabase();

    [GeneratedRegex(@"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(\+00:00)?|(?<=in )[0-9]+(?= ms)|(?<=about )[0-9]+(?= s)|(?<=in )[0-9]+\.[0-9](?= s\b)|(?<=a private PostgreSQL )[^:,]+|(?<= line )[0-9]+(?= at RAISE)|(?<=all )[0-9]+(?= constraints and)|[0-9]+(?= steps)|[0-9][0-9,]*(?= bytes)|(?<=SHA-256 )[0-9a-f]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{64}\b|(?<=signed by key )[0-9a-f]+|(?<=access_token"":"")[A-Za-z0-9_.…-]+|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(\+00:00|Z)?|(?<=""(sha256|policyHash|milliseconds|bytes|estimatedSeconds|pgDumpVersion|steps)"": )""?[0-9a-f.]+""?")]
    private static partial Regex Varying();
}
