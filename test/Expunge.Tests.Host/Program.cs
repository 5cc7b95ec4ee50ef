// A process of its own that kills itself, SIGKILL, when the Nth step begins or ends: what a test cannot do to itself.
//   upgrade N CONNECTION POLICY    the policy as YAML
//   downgrade N CONNECTION         the newest revision
//   delete NUMBER CONNECTION POLICY    that deletion, after its last batch; EXPUNGE_SIGNING_KEY signs
//   run NUMBER CONNECTION POLICY       that deletion in many small transactions, to be killed from outside
using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Receipts;
using Expunge.Revisions;
using Expunge.Tests.Host;
using Npgsql;

await using var database = new Database(new NpgsqlConnectionStringBuilder(args[2]));
if (args[0] == "delete")
{
    var key = SigningKeyFile.Find(null, Environment.GetEnvironmentVariable);
    await DeletionRunner.RunAsync(database, PolicyReader.Read(args[3], null), long.Parse(args[1]), new DeletionOptions { SigningKey = key, Progress = new DeletionKiller() });
    return 1;
}

if (args[0] == "run")
{
    await DeletionRunner.RunAsync(database, PolicyReader.Read(args[3], null), long.Parse(args[1]), new DeletionOptions { Target = TimeSpan.FromMilliseconds(5) });
    return 0;
}

var options = new UpgradeOptions { ValidateJobs = 1, Progress = new Killer(int.Parse(args[1])) };
var outcome = args[0] == "upgrade"
    ? await Upgrade.ApplyAsync(database, PolicyReader.Read(args[3], null), options)
    : await Downgrade.RevertAsync(database, Downgrade.Targets(await Journal.RevisionsAsync(database), toBase: false)[0], options);
return outcome.Succeeded ? 0 : 1;
