using Npgsql;

namespace ZivoHealth;

/// <summary>The ZivoHealth deployment as it was before migration 067: its schema, and the policy that fixes it.</summary>
public static class Deployment
{
    private const string Folder = "schema/";

    // Deployments old enough to have the legacy tables never got this module.
    private const string Wellness = "12_wellness.sql";

    /// <summary>The text of <c>expunge.yaml</c>.</summary>
    public static string Policy => Resource("expunge.yaml");

    /// <summary>The schema as SQL. The only row is the system account, user 1.</summary>
    /// <param name="legacy">Whether this is an old deployment: the nine legacy tables instead of the wellness module.</param>
    public static string Schema(bool legacy = false) => string.Join(
        '\n',
        typeof(Deployment).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Folder, StringComparison.Ordinal) && !(legacy && name.EndsWith(Wellness, StringComparison.Ordinal)))
            .Order(StringComparer.Ordinal)
            .Concat(legacy ? ["legacy.sql"] : [])
            .Select(Resource));

    /// <summary>Creates the tables in an empty database, in one transaction.</summary>
    /// <param name="connection">An open connection to the empty database.</param>
    /// <param name="legacy">Whether this is an old deployment.</param>
    /// <param name="ct">Cancels.</param>
    public static async Task CreateAsync(NpgsqlConnection connection, bool legacy = false, CancellationToken ct = default)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using var command = new NpgsqlCommand(Schema(legacy), connection, transaction);
        await command.ExecuteNonQueryAsync(ct);
        await transaction.CommitAsync(ct);
    }

    private static string Resource(string name)
    {
        using var stream = typeof(Deployment).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"The assembly holds no resource '{name}'.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
