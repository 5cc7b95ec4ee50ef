using CsCheck;
using Expunge.Postgres;
using Npgsql;
using Xunit;

namespace Expunge.Tests.Postgres;

public sealed class ConnectionSettingsTests
{
    private const string User = "Username=me;Application Name=expunge";

    [Theory]

    // Npgsql's own form
    [InlineData("Host=db;Port=5433;Database=app;Username=me;Password=a=b c", "Host=db;Port=5433;Database=app;Password=\"a=b c\";" + User)]
    [InlineData("Server=db;User Id=me", "Host=db;Database=me;" + User)]
    [InlineData("Host=db;Username=me;Search Path='a, b';Application Name=mine", "Host=db;Database=me;Username=me;Search Path=\"a, b\";Application Name=mine")]
    [InlineData("Host=db", "Host=db;Database=os;Username=os;Application Name=expunge")]

    // URIs
    [InlineData("postgresql://me@db", "Host=db;Database=me;" + User)]
    [InlineData("postgres://me:p%40ss%2Fw%3Ard@db:5433/my%20app", "Host=db;Port=5433;Password=p@ss/w:rd;Database=\"my app\";" + User)]
    [InlineData("postgresql://me@[2001:db8::1]:5433/app", "Host=2001:db8::1;Port=5433;Database=app;" + User)]
    [InlineData("postgresql://me@[::1]/app", "Host=::1;Database=app;" + User)]
    [InlineData("postgresql://me@a,b/app", "Host=\"a,b\";Database=app;" + User)]
    [InlineData("postgresql://me@a:1,b:1/app", "Host=\"a,b\";Port=1;Database=app;" + User)]
    [InlineData("postgresql://me@a:1,[::1],c:3/app", "Host=\"a:1,[::1]:5432,c:3\";Database=app;" + User)]
    [InlineData("postgresql:///app?host=/tmp/pg&user=me&port=5433", "Host=/tmp/pg;Port=5433;Database=app;" + User)]
    [InlineData("postgresql://me@%2Ftmp%2Fpg/app", "Host=/tmp/pg;Database=app;" + User)]
    [InlineData("postgresql://db?user=me&dbname=app&password=x%26y", "Host=db;Database=app;Password=x&y;" + User)]
    [InlineData("postgresql://me@db?sslmode=verify-ca&sslrootcert=/ca.crt&application_name=a+b&connect_timeout=7", "Host=db;Database=me;Username=me;SSL Mode=VerifyCA;Root Certificate=/ca.crt;Application Name=a+b;Timeout=7")]
    [InlineData("postgresql://me@db?sslrootcert=system", "Host=db;Database=me;SSL Mode=VerifyFull;" + User)]
    [InlineData("postgresql://me@db?ssl=true", "Host=db;Database=me;SSL Mode=Require;" + User)]
    [InlineData("postgresql://me@a,b?target_session_attrs=read-write&options=-c%20geqo%3Doff&passfile=/p", "Host=\"a,b\";Database=me;Target Session Attributes=read-write;Options=\"-c geqo=off\";Passfile=/p;" + User)]
    [InlineData("postgresql://me@db?channel_binding=require&gssencmode=disable&sslnegotiation=direct", "Host=db;Database=me;Channel Binding=Require;GSS Encryption Mode=Disable;SSL Negotiation=Direct;" + User)]
    [InlineData("postgresql://me@db?hostaddr=10.0.0.1", "Host=10.0.0.1;Database=me;" + User)]

    // libpq's keywords
    [InlineData("host=db dbname=app user=me", "Host=db;Database=app;" + User)]
    [InlineData("  host = db  port=5433 user=me password='it\\'s \\\\ here' ", "Host=db;Port=5433;Database=me;Password=\"it's \\ here\";" + User)]
    [InlineData("user=me host=db password='a;b'", "Host=db;Database=me;Password=\"a;b\";" + User)]
    [InlineData("user=me host=db password=a\\ b dbname=''", "Host=db;Database=me;Password=\"a b\";" + User)]
    [InlineData("user=me host=a,b port=1,2", "Host=\"a:1,b:2\";Database=me;" + User)]
    public void Every_form_is_understood(string text, string expected) => Same(expected, Resolve(text));

    [Fact]
    public void A_database_in_libpqs_form_alone_is_enough()
    {
        var resolved = Resolve("dbname=app");

        Assert.Equal(("app", Environment.UserName, "localhost"), (resolved.Database, resolved.Username, resolved.Host));
    }

    [Fact]
    public void What_is_missing_comes_from_the_environment_in_any_form()
    {
        (string, string)[] environment = [("PGHOST", "env-db"), ("PGPORT", "5439"), ("PGDATABASE", "env-app"), ("PGUSER", "env-me"), ("PGPASSWORD", "env-pw"), ("PGSSLMODE", "verify-full"), ("PGPASSFILE", "/pass"), ("PGAPPNAME", "env-name")];

        Same("Host=env-db;Port=5439;Database=env-app;Username=env-me;Password=env-pw;SSL Mode=VerifyFull;Passfile=/pass;Application Name=env-name", Resolve(null, environment));
        foreach (var text in new[] { "Host=db;Username=me;SSL Mode=Disable", "postgresql://me@db?sslmode=disable", "host=db user=me sslmode=disable" })
        {
            Same("Host=db;Port=5439;Database=env-app;Username=me;Password=env-pw;SSL Mode=Disable;Passfile=/pass;Application Name=env-name", Resolve(text, environment));
        }
    }

    [Fact]
    public void The_option_comes_before_EXPUNGE_DATABASE()
    {
        Assert.Equal("a", Resolve("Host=a", ("EXPUNGE_DATABASE", "Host=b"), ("PGHOST", "c")).Host);
        Assert.Equal("b", Resolve(" ", ("EXPUNGE_DATABASE", "Host=b"), ("PGHOST", "c")).Host);
        Assert.Equal("c", Resolve(null, ("EXPUNGE_DATABASE", ""), ("PGHOST", "c")).Host);
    }

    [Fact]
    public void An_address_in_the_environment_does_not_move_a_host_that_was_named()
    {
        Assert.Equal("a", Resolve("Host=a", ("PGHOSTADDR", "10.0.0.1")).Host);
        Assert.Equal("a", Resolve("postgresql://a", ("PGHOSTADDR", "10.0.0.1")).Host);
        Assert.Equal("10.0.0.1", Resolve(null, ("PGHOSTADDR", "10.0.0.1"), ("PGHOST", "a")).Host);
    }

    [Fact]
    public void Without_a_host_the_local_socket_of_the_port_is_used_when_there_is_one()
    {
        var directory = Directory.CreateTempSubdirectory().FullName;
        try
        {
            File.WriteAllText(Path.Combine(directory, ".s.PGSQL.5433"), "");

            Assert.Equal(directory, ConnectionSettings.Resolve("Port=5433", _ => null, ["/nowhere", directory]).Host);
            Assert.Equal("localhost", ConnectionSettings.Resolve("Port=5434", _ => null, ["/nowhere", directory]).Host);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Theory]
    [InlineData("nonsense", "--database: this is not a connection string.")]
    [InlineData("mysql://me:s3cret@db/app", "--database: this is not a connection string.")]
    [InlineData("Host=db;Prot=5433", "--database: unknown parameter 'prot'; did you mean 'Port'?")]
    [InlineData("Host=db;Colour=red", "--database: unknown parameter 'colour'.")]
    [InlineData("Host=db;Port=s3cret", "--database: the value of 'port' is not understood.")]
    [InlineData("Host=db;Port=70000", "--database: the port is not a number from 1 to 65535.")]
    [InlineData("Host=db;SSL Mode=s3cret", "--database: the value of 'ssl mode' is not understood.")]
    [InlineData("Host=db;Password=s3cret;s3cret=1", "--database: there is an unknown parameter; is a special character of the password not quoted or percent-encoded?")]
    [InlineData("Host=db;Password=x;s3cret", "--database: this is not a connection string.")]
    [InlineData("postgresql://me@db?sslmod=require", "--database: unknown parameter 'sslmod'; did you mean 'sslmode'?")]
    [InlineData("postgresql://db?colour=red", "--database: unknown parameter 'colour'.")]
    [InlineData("postgresql://db?user", "--database: 'user' has no value.")]
    [InlineData("postgresql://me@db?sslmode=on", "--database: 'sslmode': it is one of disable, allow, prefer, require, verify-ca, verify-full.")]
    [InlineData("postgresql://me@db?connect_timeout=s3cret", "--database: 'connect_timeout': its value is not understood.")]
    [InlineData("postgresql://me@a,b,c?port=1,2", "--database: 'port': there are 2 ports for 3 host(s); give one port, or one for each host.")]
    [InlineData("postgresql://me:100%@db", "--database: a '%' is not followed by two hexadecimal digits; write the character '%' as %25.")]
    [InlineData("postgresql://me:s3@cret@db/app", Special)]
    [InlineData("postgresql://me:s3:c/ret@db/app", Special)]
    [InlineData("postgresql://me:s3cret/x@db/app", Special)]
    [InlineData("postgresql://me@db:70000", "--database: 'port': a port is not a number from 1 to 65535.")]
    [InlineData("postgresql://me:s3?cret@db/app", Special)]
    [InlineData("postgresql://me:7?s3cret@db/app", "--database: there is an unknown parameter; is a special character of the password not quoted or percent-encoded?")]
    [InlineData("host=db prot=1", "--database: unknown parameter 'prot'; did you mean 'port'?")]
    [InlineData("Host=db Port=1", "--database: unknown parameter 'Host'; did you mean 'host'?")]
    [InlineData("host=db password=a s3cret=b", "--database: there is an unknown parameter; is a special character of the password not quoted or percent-encoded?")]
    public void What_is_not_understood_is_said_without_any_secret(string text, string expected)
    {
        var e = Assert.Throws<ExpungeException>(() => Resolve(text));

        Assert.Equal((ErrorCodes.BadConnectionString, expected), (e.Code, e.Message));
        Assert.Null(e.InnerException);
    }

    private const string Special = "--database: a host or port is not understood; in user and password write '@' as %40, ':' as %3A, '/' as %2F, '?' as %3F.";

    [Fact]
    public void An_error_names_the_variable_that_it_is_in()
    {
        Assert.StartsWith("EXPUNGE_DATABASE: unknown", Assert.Throws<ExpungeException>(() => Resolve(null, ("EXPUNGE_DATABASE", "Hots=a"))).Message, StringComparison.Ordinal);
        Assert.StartsWith("PGSSLMODE: it is one of", Assert.Throws<ExpungeException>(() => Resolve(null, ("PGSSLMODE", "on"))).Message, StringComparison.Ordinal);
        Assert.StartsWith("PGPORT: a port is not", Assert.Throws<ExpungeException>(() => Resolve(null, ("PGPORT", "x"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_name_and_password_survive_each_form()
    {
        var word = Gen.Char['!', '~'].Array[1, 10].Select(letters => new string(letters));
        Gen.Select(word, word, word).Sample((user, password, database) =>
        {
            var (u, p, d) = (Uri.EscapeDataString(user), Uri.EscapeDataString(password), Uri.EscapeDataString(database));
            string[] forms = [$"postgresql://{u}:{p}@db/{d}", $"postgres://db?dbname={d}&password={p}&user={u}", $"host=db user={Quote(user)} password={Quote(password)} dbname={Quote(database)}", new NpgsqlConnectionStringBuilder { Host = "db", Username = user, Password = password, Database = database }.ConnectionString];
            Assert.All(forms.Select(form => Resolve(form)), resolved => Assert.Equal(("db", user, password, database), (resolved.Host, resolved.Username, resolved.Password, resolved.Database)));
        });

        static string Quote(string value) => $"'{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";
    }

    [Theory]
    [InlineData("postgresql://me:s3cret@db/app", "me@db:5432/app")]
    [InlineData("postgresql://me@a:1,b:2/app", "me@a:1,b:2/app")]
    [InlineData("postgresql://me@[::1]/app", "me@[::1]:5432/app")]
    [InlineData("postgresql:///app?host=/tmp/pg&user=me", "me@/tmp/pg:5432/app")]
    [InlineData("Host=a,[::1]:7;Port=6;Username=me;Database=app", "me@a:6,[::1]:7/app")]
    public void A_description_has_no_password(string text, string expected) => Assert.Equal(expected, ConnectionSettings.Describe(Resolve(text)));

    private static NpgsqlConnectionStringBuilder Resolve(string? database, params (string Name, string Value)[] environment) =>
        ConnectionSettings.Resolve(database, name => environment.FirstOrDefault(variable => variable.Name == name).Value, []);

    private static void Same(string expected, NpgsqlConnectionStringBuilder actual)
    {
        var wanted = new NpgsqlConnectionStringBuilder(expected.Replace("=os;", $"={Environment.UserName};", StringComparison.Ordinal));
        Assert.Equal(Pairs(wanted), Pairs(actual));

        static IEnumerable<string> Pairs(NpgsqlConnectionStringBuilder builder) => builder.Keys.Order(StringComparer.Ordinal).Select(key => $"{key}={builder[key]}");
    }
}
