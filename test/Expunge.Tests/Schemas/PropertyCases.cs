using CsCheck;
using Xunit;

namespace Expunge.Tests.Schemas;

/// <summary>$EXPUNGE_PROPERTY_CASES: how many random schemas a property is tried on; $EXPUNGE_PROPERTY_SEED: the first.</summary>
internal static class PropertyCases
{
    public static Task HoldAsync(this Gen<RandomSchema> schemas, Func<RandomSchema, Task> property, int cases, int version, ITestOutputHelper output, int threads = 2) => schemas.SampleAsync(
        property, output.WriteLine, seed: Environment.GetEnvironmentVariable("EXPUNGE_PROPERTY_SEED"),
        iter: int.TryParse(Environment.GetEnvironmentVariable("EXPUNGE_PROPERTY_CASES"), out var given) ? given : cases, threads: threads, print: s => s.Sql(version));
}
