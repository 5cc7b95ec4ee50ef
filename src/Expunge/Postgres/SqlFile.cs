namespace Expunge.Postgres;

/// <summary>The statements of the folder Sql/, embedded in the assembly.</summary>
internal static class SqlFile
{
    public static string Read(string name)
    {
        using var stream = typeof(SqlFile).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"No embedded file {name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
