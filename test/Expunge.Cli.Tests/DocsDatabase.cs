using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Revisions;
using Expunge.Testing;
using Npgsql;

namespace Expunge.Cli.Tests;

/// <summary>The databases that transcripts run on, and what psql would print of a statement.</summary>
internal static class DocsDatabase
{
    /// <summary>ZivoHealth with 40 users, before or after the upgrade.</summary>
    public static Task<string> CreateAsync(bool upgraded) => !upgraded ? TestServer.ZivoHealthAsync() : TestServer.CopyAsync("docs_upgraded", async connection =>
    {
        await ZivoHealth.Deployment.CreateAsync(connection);
        await ZivoHealth.SampleData.FillAsync(connection, users: 40);
        await using var database = new Database(new NpgsqlConnectionStringBuilder((await TestServer.Server).ConnectionStringTo(connection.Database)));
        await Upgrade.ApplyAsync(database, PolicyReader.Read(ZivoHealth.Deployment.Policy, null), new UpgradeOptions());
    });

    /// <summary>What psql prints.</summary>
    public static async Task<string> RunAsync(string connectionString, string sql)
    {
        await using var connection = await TestServer.OpenAsync(new NpgsqlConnectionStringBuilder(connectionString) { IncludeErrorDetail = true }.ConnectionString);
        // As psql shows them: of a warning the hint, of an error also where it was raised.
        var notices = new System.Text.StringBuilder();
        connection.Notice += (_, e) => notices.Append($"{e.Notice.Severity}:  {e.Notice.MessageText}\n{(e.Notice.Hint is null ? "" : $"HINT:  {e.Notice.Hint}\n")}");
        try
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await using var reader = await command.ExecuteReaderAsync();
            var table = reader.FieldCount > 0 ? await TableAsync(reader) : "";
            await reader.CloseAsync();
            var verb = sql.TrimStart().Split((char[])[' ', '\n'], 2)[0].ToUpperInvariant();
            return notices + table + verb switch
            {
                "SELECT" => "",
                "INSERT" => $"INSERT 0 {reader.RecordsAffected}\n",
                _ when reader.RecordsAffected >= 0 => $"{verb} {reader.RecordsAffected}\n",
                "CREATE" or "ALTER" or "DROP" => $"{verb} {sql.TrimStart().Split((char[])[' ', '\n'], 3)[1].ToUpperInvariant()}\n",
                _ => $"{verb}\n",
            };
        }
        catch (PostgresException e)
        {
            return $"{notices}ERROR:  {e.MessageText}\n{(e.Detail is null ? "" : $"DETAIL:  {e.Detail}\n")}{(e.Hint is null ? "" : $"HINT:  {e.Hint}\n")}{(e.Where is null ? "" : $"CONTEXT:  {e.Where}\n")}";
        }
    }

    private static async Task<string> TableAsync(NpgsqlDataReader reader)
    {
        var right = Enumerable.Range(0, reader.FieldCount).Select(i => reader.GetDataTypeName(i) is "integer" or "bigint" or "numeric").ToArray();
        var rows = new List<string[]>();
        while (await reader.ReadAsync()) rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? "" : $"{reader.GetValue(i)}")]);
        var names = Enumerable.Range(0, reader.FieldCount).Select(reader.GetName).ToArray();
        var widths = names.Select((n, i) => rows.Select(r => r[i].Length).Append(n.Length).Max()).ToArray();
        var heading = string.Join('|', names.Select((n, i) => $" {n.PadLeft(n.Length + ((widths[i] - n.Length) / 2)).PadRight(widths[i])} "));
        var line = string.Join('+', widths.Select(w => new string('-', w + 2)));
        var body = rows.Select(r => string.Join('|', r.Select((v, i) => $" {(right[i] ? v.PadLeft(widths[i]) : v.PadRight(widths[i]))} ")) + "\n");
        return $"{heading}\n{line}\n{string.Concat(body)}({rows.Count} row{(rows.Count == 1 ? "" : "s")})\n\n";
    }
}
