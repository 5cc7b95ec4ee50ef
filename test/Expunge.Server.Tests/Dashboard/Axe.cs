using System.Text.Json;
using Microsoft.Playwright;
using Xunit;

namespace Expunge.Server.Tests.Dashboard;

/// <summary>axe-core: what keeps people who see, hear or move otherwise from using a page.</summary>
internal static class Axe
{
    private static readonly Lazy<string?> Script = new(() =>
    {
        using var stream = typeof(Axe).Assembly.GetManifestResourceStream("axe.min.js");
        return stream is null ? null : new StreamReader(stream).ReadToEnd();
    });

    /// <summary>Whether there was an npm when this was built, to fetch axe-core and Cytoscape.js.</summary>
    public static bool HasNpm => Script.Value is not null;

    /// <summary>Nothing serious or critical is the matter with the page as it is now.</summary>
    public static async Task FindsNothingSeriousAsync(IPage page)
    {
        Assert.SkipUnless(HasNpm, "Built without axe-core: there was no npm.");
        // Evaluated, because a page that allows its own scripts only refuses to load it.
        if (!await page.EvaluateAsync<bool>("() => 'axe' in window")) await page.EvaluateAsync($"{Script.Value};0");
        var found = await page.EvaluateAsync<JsonElement>("async () => (await axe.run(document, { resultTypes: ['violations'] })).violations.filter(v => v.impact === 'serious' || v.impact === 'critical').map(v => ({ id: v.id, help: v.help, nodes: v.nodes.map(n => n.html.slice(0, 200) + ' ' + n.failureSummary) }))");
        Assert.True(found.GetArrayLength() == 0, $"{page.Url}: {JsonSerializer.Serialize(found, Indented)}");
    }

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
