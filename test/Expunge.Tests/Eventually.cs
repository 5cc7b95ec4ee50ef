using Xunit;

namespace Expunge.Tests;

/// <summary>What becomes true soon: another process sees to it.</summary>
internal static class Eventually
{
    /// <param name="condition">Asked again and again.</param>
    /// <param name="what">What it says, for the failure.</param>
    /// <param name="meanwhile">What is under way; should it fail, that is told at once.</param>
    public static async Task TrueAsync(Func<Task<bool>> condition, string what, Task? meanwhile = null)
    {
        for (var deadline = DateTime.UtcNow.AddSeconds(30); DateTime.UtcNow < deadline; await Task.Delay(25, TestContext.Current.CancellationToken))
        {
            if (await condition()) return;
            if (meanwhile is { IsFaulted: true }) await meanwhile;
        }

        Assert.Fail($"Not so after 30 s: {what}");
    }

    public static Task TrueAsync(Func<bool> condition, string what, Task? meanwhile = null) => TrueAsync(() => Task.FromResult(condition()), what, meanwhile);
}
