using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace Expunge.Server.Tests.Operations;

public sealed partial class ServerConfigurationTests
{
    private const string Page = "docs/configuration.md";
    private const string Heading = "| key | default | values | meaning |\n|---|---|---|---|\n";

    [Fact]
    public void Each_kind_of_value_is_read_whatever_the_case_of_its_key()
    {
        var options = Read(("sessionlifetime", "01:00:00"), ("SIGNINSPERMINUTE", "7"), ("Log", "json"), ("Metrics", "false"), ("TrustedProxies", "10.0.0.5, 10.1.0.0/16,::1"), ("Url", "http://[::1]:9000"));

        Assert.Equal((TimeSpan.FromHours(1), 7, LogFormat.Json, false, "http://[::1]:9000"), (options.SessionLifetime, options.SignInsPerMinute, options.Log, options.Metrics, options.Url));
        Assert.Equal([IPNetwork.Parse("10.0.0.5/32"), IPNetwork.Parse("10.1.0.0/16"), IPNetwork.Parse("::1/128")], options.TrustedProxies);
    }

    [Fact]
    public void A_list_of_the_file_is_the_same_as_one_text() =>
        Assert.Equal([IPNetwork.Parse("10.0.0.5/32"), IPNetwork.Parse("10.1.0.0/16")], Read(("TrustedProxies:0", "10.0.0.5"), ("TrustedProxies:1", "10.1.0.0/16")).TrustedProxies);

    [Fact]
    public void What_is_not_set_or_set_to_nothing_has_its_default() => Assert.Equal(new ServerOptions(), Read(("SessionLifetime", "")));

    [Theory]
    [InlineData("SesionLifetime", "00:30:00", "The configuration has no key Expunge__SesionLifetime; did you mean Expunge__SessionLifetime?")]
    [InlineData("Colour", "red", "The configuration has no key Expunge__Colour.")]
    [InlineData("SessionLifetime", "soon", "Expunge__SessionLifetime can't be 'soon': it takes a time such as 00:30:00.")]
    [InlineData("SessionLifetime", "30", "Expunge__SessionLifetime can't be '30': it is from 00:00:01 to 1.00:00:00.")]
    [InlineData("SignInsPerMinute", "0", "Expunge__SignInsPerMinute can't be '0': it is from 1 to 100000.")]
    [InlineData("SignInsPerMinute", "99999999999", "Expunge__SignInsPerMinute can't be '99999999999': it takes a whole number.")]
    [InlineData("Log", "xml", "Expunge__Log can't be 'xml': it takes Text or Json.")]
    [InlineData("Log", "7", "Expunge__Log can't be '7': it takes Text or Json.")]
    [InlineData("Metrics", "perhaps", "Expunge__Metrics can't be 'perhaps': it takes true or false.")]
    [InlineData("Url", "https://localhost:8000", "Expunge__Url can't be 'https://localhost:8000': it takes an address such as http://localhost:8000.")]
    [InlineData("Url", "http://*:8000", "Expunge__Url can't be 'http://*:8000': it takes an address such as http://localhost:8000.")]
    [InlineData("TrustedProxies", "proxy.example", "Expunge__TrustedProxies can't be 'proxy.example': it takes addresses such as 10.0.0.5 and networks such as 10.1.0.0/16, with commas between them.")]
    public void What_can_t_be_is_refused_with_the_key_and_what_it_takes(string key, string value, string message)
    {
        var refused = Assert.Throws<ExpungeException>(() => Read((key, value)));
        Assert.Equal((ErrorCodes.BadConfiguration, message), (refused.Code, refused.Message));
    }

    [Fact]
    public void The_page_lists_each_key_with_its_default_its_range_and_what_it_means()
    {
        var path = SourceFiles.PathOf(Page);
        var text = File.ReadAllText(path);
        var begin = text.IndexOf(Heading, StringComparison.Ordinal);
        Assert.True(begin >= 0, $"{Page} has no table of the keys.");
        var end = text.IndexOf("\n\n", begin, StringComparison.Ordinal) + 1;
        var table = Heading + string.Concat(Rows());
        if (SourceFiles.Updates) File.WriteAllText(path, text[..begin] + table + text[end..]);
        else Assert.Equal(table, text[begin..end]);
    }

    private static IEnumerable<string> Rows()
    {
        var summaries = XDocument.Load(Path.ChangeExtension(typeof(ServerOptions).Assembly.Location, ".xml")).Descendants("member").ToDictionary(m => m.Attribute("name")!.Value, m => m.Element("summary"), StringComparer.Ordinal);
        foreach (var key in typeof(ServerOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var meaning = string.Concat(summaries[$"P:{typeof(ServerOptions).FullName}.{key.Name}"]!.Nodes().Select(n => n is XElement code ? $"`{code.Value}`" : $"{n}")).Trim();
            yield return $"| `Expunge__{key.Name}` | {Default(key.GetValue(new ServerOptions()))} | {Values(key)} | {Space().Replace(meaning, " ")} |\n";
        }
    }

    private static string Default(object? value) => value switch
    {
        null or (System.Collections.IEnumerable and not string) => "none",
        bool flag => flag ? "`true`" : "`false`",
        _ => $"`{Convert.ToString(value, CultureInfo.InvariantCulture)}`",
    };

    private static string Values(PropertyInfo key) =>
        key.GetCustomAttribute<RangeAttribute>() is { } range ? $"`{range.Minimum}` to `{range.Maximum}`"
        : key.PropertyType.IsEnum ? string.Join(", ", Enum.GetNames(key.PropertyType).Select(n => $"`{n}`"))
        : key.PropertyType == typeof(bool) ? "`true`, `false`" : "";

    private static ServerOptions Read(params (string Key, string Value)[] values) =>
        ServerConfiguration.Of(new ConfigurationBuilder().AddInMemoryCollection(values.Select(v => KeyValuePair.Create($"Expunge:{v.Key}", (string?)v.Value))).Build().GetSection("Expunge"));

    [GeneratedRegex(@"\s+", RegexOptions.None, 1000)]
    private static partial Regex Space();
}
