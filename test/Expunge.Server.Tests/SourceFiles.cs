namespace Expunge.Server.Tests;

/// <summary>The files of the source checkout that tests hold against the code; with <c>EXPUNGE_UPDATE_DOCS=1</c> they are rewritten instead.</summary>
internal static class SourceFiles
{
    public static bool Updates { get; } = Environment.GetEnvironmentVariable("EXPUNGE_UPDATE_DOCS") == "1";

    public static string PathOf(string file)
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "Expunge.slnx"))) at = at.Parent;
        return Path.Combine(at?.FullName ?? throw new InvalidOperationException("This test runs in a source checkout."), file);
    }
}
