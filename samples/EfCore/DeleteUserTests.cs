using Microsoft.EntityFrameworkCore;
using Npgsql;
using Xunit;

namespace Expunge.Samples.EfCore;

/// <summary>The document's "before" and "after" in C#: the code stays the same, the database changes.</summary>
public sealed class DeleteUserTests
{
    private const int Patient = 7;
    private const int Doctor = 2;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    // docs: delete
    private static async Task DeleteUserAsync(ClinicContext db, int id)
    {
        var user = await db.Users.SingleAsync(u => u.Id == id, Ct);
        db.Remove(user);
        await db.SaveChangesAsync(Ct);
    }

    // docs: end

    // docs: before
    [Fact]
    public async Task Before_the_upgrade_the_user_can_not_be_deleted()
    {
        await using var db = new ClinicContext(Clinic.Options(await Clinic.AsItIsAsync()));

        var failure = await Assert.ThrowsAsync<DbUpdateException>(() => DeleteUserAsync(db, Patient));

        var cause = Assert.IsType<PostgresException>(failure.InnerException);
        Assert.Equal(PostgresErrorCodes.ForeignKeyViolation, cause.SqlState); // 23503
    }

    // docs: end

    // docs: after
    [Fact]
    public async Task After_the_upgrade_the_same_code_deletes_the_user_and_all_that_is_theirs()
    {
        var connectionString = await Clinic.AsItIsAsync();
        await Clinic.UpgradeAsync(connectionString);
        var log = new StatementLog();
        await using var db = new ClinicContext(Clinic.Options(connectionString, log));
        Assert.NotEqual(0, await db.VitalsDailyAggregates.CountAsync(v => v.UserId == Patient, Ct));

        await DeleteUserAsync(db, Patient);

        Assert.Equal(0, await db.Users.CountAsync(u => u.Id == Patient, Ct));
        Assert.Equal(0, await db.VitalsDailyAggregates.CountAsync(v => v.UserId == Patient, Ct));
        Assert.Equal(0, await db.PatientHealthRecords.CountAsync(r => r.UserId == Patient, Ct));
        Assert.Equal(0, await db.MeasurementPreferences.CountAsync(p => p.UserId == Patient, Ct));
        Assert.Single(log.Changes); // DELETE FROM users WHERE id = @p0
    }

    // docs: end

    [Fact]
    public async Task Nothing_that_refers_to_the_user_is_left_in_any_table_not_only_in_those_of_the_model()
    {
        await using var db = new ClinicContext(Clinic.Options(await Clinic.UpgradedAsync()));
        var references = await db.Database.SqlQuery<string>(
            $"""
            SELECT format('SELECT count(*) AS "Value" FROM %s WHERE %I = %s', c.conrelid::regclass, a.attname, {Patient}) AS "Value"
              FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
             WHERE c.contype = 'f' AND c.confrelid = 'users'::regclass
            """).ToListAsync(Ct);
        Assert.InRange(references.Count, 90, 110);

        await DeleteUserAsync(db, Patient);

        foreach (var count in references) Assert.Equal(0, (await db.Database.SqlQueryRaw<long>(count).ToListAsync(Ct)).Single());
    }

    [Fact]
    public async Task A_deleted_doctors_patients_keep_their_records()
    {
        await using var db = new ClinicContext(Clinic.Options(await Clinic.UpgradedAsync()));
        var written = await db.PatientHealthRecords.AsNoTracking().Where(r => r.RecordedBy == Doctor && r.UserId != Doctor).Select(r => r.Id).ToListAsync(Ct);
        Assert.NotEmpty(written);

        await DeleteUserAsync(db, Doctor);

        var kept = await db.PatientHealthRecords.AsNoTracking().Where(r => written.Contains(r.Id)).ToListAsync(Ct);
        Assert.Equal(written.Count, kept.Count);
        Assert.All(kept, r => Assert.Null(r.RecordedBy));
    }

    [Fact]
    public async Task With_Cascade_each_tracked_row_is_deleted_by_a_statement_of_its_own()
    {
        var log = new StatementLog();
        await using var db = new ClinicContext(Clinic.Options(await Clinic.UpgradedAsync(), log));
        var tracked = await db.VitalsDailyAggregates.Where(v => v.UserId == Patient).CountAsync(Ct);
        await db.VitalsDailyAggregates.Where(v => v.UserId == Patient).LoadAsync(Ct);

        await DeleteUserAsync(db, Patient);

        Assert.Equal(tracked + 1, log.Changes.Count);
    }

    [Fact]
    public async Task With_ClientNoAction_one_statement_is_sent_whatever_is_tracked()
    {
        var log = new StatementLog();
        await using var db = new HandsOffContext(Clinic.Options(await Clinic.UpgradedAsync(), log));
        await db.VitalsDailyAggregates.Where(v => v.UserId == Patient).LoadAsync(Ct);

        await DeleteUserAsync(db, Patient);

        Assert.Single(log.Changes);
        db.ChangeTracker.Clear(); // The tracked rows are gone, and EF Core doesn't know.
        Assert.Equal(0, await db.VitalsDailyAggregates.CountAsync(v => v.UserId == Patient, Ct));
    }

    [Fact]
    public async Task With_Restrict_a_tracked_row_keeps_EF_Core_from_sending_anything()
    {
        var log = new StatementLog();
        await using var db = new SeveringContext(Clinic.Options(await Clinic.UpgradedAsync(), log));
        await db.VitalsDailyAggregates.Where(v => v.UserId == Patient).LoadAsync(Ct);

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => DeleteUserAsync(db, Patient));

        Assert.Contains("has been severed", failure.Message, StringComparison.Ordinal);
        Assert.Empty(log.Changes);
    }

    // docs: execute-delete
    [Fact]
    public async Task ExecuteDelete_sends_the_same_statement_without_loading_the_user()
    {
        var log = new StatementLog();
        await using var db = new ClinicContext(Clinic.Options(await Clinic.UpgradedAsync(), log));

        var deleted = await db.Users.Where(u => u.Id == Patient).ExecuteDeleteAsync(Ct);

        Assert.Equal(1, deleted);
        Assert.Single(log.Changes);
    }

    // docs: end
}
