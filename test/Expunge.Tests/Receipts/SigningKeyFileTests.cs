using Expunge.Receipts;
using Xunit;

namespace Expunge.Tests.Receipts;

public sealed class SigningKeyFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("expunge-keys-").FullName;

    [Fact]
    public void A_new_key_and_its_directory_are_its_owners_only_and_the_public_key_lies_beside_it()
    {
        var path = In("config/expunge/signing-key.pem");

        var key = SigningKeyFile.Create(path);

        Assert.Equal(key.PublicKey.Id, SigningKeyFile.Load(path).PublicKey.Id);
        Assert.Equal(key.PublicKey.Id, PublicKey.Load(In("config/expunge/signing-key.pub.pem")).Id);
        Assert.StartsWith("-----BEGIN PRIVATE KEY-----\n", File.ReadAllText(path), StringComparison.Ordinal);
        Assert.StartsWith("-----BEGIN PUBLIC KEY-----\n", File.ReadAllText(In("config/expunge/signing-key.pub.pem")), StringComparison.Ordinal);
        Assert.Equal(["signing-key.pem", "signing-key.pub.pem"], Directory.EnumerateFiles(In("config/expunge")).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal));
        if (OperatingSystem.IsWindows()) return;
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(In("config/expunge")));
    }

    [Theory]
    [InlineData("signing-key.pem")]
    [InlineData("signing-key.pub.pem")]
    public void A_file_that_is_there_is_never_overwritten(string there)
    {
        File.WriteAllText(In(there), "precious");

        Assert.Equal(ErrorCodes.FileExists, Assert.Throws<ExpungeException>(() => SigningKeyFile.Create(In("signing-key.pem"))).Code);
        Assert.Equal("precious", File.ReadAllText(In(there)));
        Assert.Equal([there], Directory.EnumerateFiles(_folder).Select(f => Path.GetFileName(f)));
    }

    [Fact]
    public async Task Of_many_that_make_the_same_file_at_once_one_does_and_its_public_key_is_the_one_beside_it()
    {
        var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Record.Exception(() => SigningKeyFile.Create(In("key.pem"))))));

        Assert.Single(made, e => e is null);
        Assert.All(made.OfType<Exception>(), e => Assert.Equal(ErrorCodes.FileExists, Assert.IsType<ExpungeException>(e).Code));
        Assert.Equal(SigningKeyFile.Load(In("key.pem")).PublicKey.Id, PublicKey.Load(In("key.pub.pem")).Id);
        Assert.Equal(2, Directory.EnumerateFiles(_folder).Count());
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherRead | UnixFileMode.GroupRead)]
    public void A_key_that_is_open_to_others_is_refused_with_the_command_that_closes_it(UnixFileMode others)
    {
        if (OperatingSystem.IsWindows()) return;
        var path = In("key.pem");
        SigningKeyFile.Create(path);
        File.SetUnixFileMode(path, File.GetUnixFileMode(path) | others);

        var refused = Assert.Throws<ExpungeException>(() => SigningKeyFile.Load(path));

        Assert.Equal(ErrorCodes.SigningKeyExposed, refused.Code);
        Assert.Contains($"chmod 600 '{path}'", refused.NextStep, StringComparison.Ordinal);
        File.CreateSymbolicLink(In("link.pem"), path);
        Assert.Equal(ErrorCodes.SigningKeyExposed, Assert.Throws<ExpungeException>(() => SigningKeyFile.Load(In("link.pem"))).Code);
    }

    [Fact]
    public void A_file_that_is_missing_or_can_not_be_read_is_named()
    {
        Assert.Contains(In("none.pem"), Refusal(In("none.pem")), StringComparison.Ordinal);
        Assert.Contains(_folder, Refusal(_folder), StringComparison.Ordinal);

        static string Refusal(string path)
        {
            var refused = Assert.Throws<ExpungeException>(() => SigningKeyFile.Load(path));
            Assert.Equal(ErrorCodes.SigningKeyInvalid, refused.Code);
            return refused.Message;
        }
    }

    [Fact]
    public void The_key_is_the_one_that_is_named_else_the_environments_else_the_default_else_none()
    {
        var environment = new Dictionary<string, string> { ["XDG_CONFIG_HOME"] = _folder };
        Assert.Null(Find(null));
        var usual = SigningKeyFile.Create(SigningKeyFile.DefaultPath(environment.GetValueOrDefault)!);
        Assert.Equal(usual.PublicKey.Id, Find(null));
        var file = SigningKeyFile.Create(In("env.pem"));
        environment["EXPUNGE_SIGNING_KEY_FILE"] = In("env.pem");
        Assert.Equal(file.PublicKey.Id, Find(null));
        environment["EXPUNGE_SIGNING_KEY"] = TestKeys.Pem;
        Assert.Equal(TestKeys.Known.PublicKey.Id, Find(null));
        var named = SigningKeyFile.Create(In("named"));
        Assert.Equal(named.PublicKey.Id, Find(In("named")));
        Assert.True(File.Exists(In("named.pub.pem")));

        // What is named and wrong is never passed over for the next one.
        environment["EXPUNGE_SIGNING_KEY"] = "nonsense";
        Assert.Throws<ExpungeException>(() => Find(null));
        environment["EXPUNGE_SIGNING_KEY"] = "";
        environment["EXPUNGE_SIGNING_KEY_FILE"] = In("nosuch.pem");
        Assert.Throws<ExpungeException>(() => Find(null));

        string? Find(string? path) => SigningKeyFile.Find(path, environment.GetValueOrDefault)?.PublicKey.Id;
    }

    [Fact]
    public void The_default_is_in_the_users_configuration_directory()
    {
        if (OperatingSystem.IsWindows()) return;
        Assert.Equal("/home/anna/.config/expunge/signing-key.pem", Default(("HOME", "/home/anna")));
        Assert.Equal("/etc/anna/expunge/signing-key.pem", Default(("HOME", "/home/anna"), ("XDG_CONFIG_HOME", "/etc/anna")));
        Assert.Equal("/home/anna/.config/expunge/signing-key.pem", Default(("HOME", "/home/anna"), ("XDG_CONFIG_HOME", "relative")));
        Assert.Null(Default());

        static string? Default(params (string Name, string Value)[] environment) => SigningKeyFile.DefaultPath(environment.ToDictionary(e => e.Name, e => e.Value, StringComparer.Ordinal).GetValueOrDefault);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string In(string path) => Path.Combine(_folder, path);
}
