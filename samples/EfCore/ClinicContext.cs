using Microsoft.EntityFrameworkCore;

namespace Expunge.Samples.EfCore;

/// <summary>A small part of ZivoHealth: a user and three of the 106 tables that lead there. The others need not be in the model: the database knows them.</summary>
public class ClinicContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<User> Users => Set<User>();

    public DbSet<VitalsDailyAggregate> VitalsDailyAggregates => Set<VitalsDailyAggregate>();

    public DbSet<PatientHealthRecord> PatientHealthRecords => Set<PatientHealthRecord>();

    public DbSet<MeasurementPreferences> MeasurementPreferences => Set<MeasurementPreferences>();

    /// <summary>What EF Core does to the user's own rows that it happens to track. It never loads any for this.</summary>
    protected virtual DeleteBehavior Owned => DeleteBehavior.Cascade;

    // docs: model
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        // The rows are the user's own: ON DELETE CASCADE in the database.
        modelBuilder.Entity<VitalsDailyAggregate>().HasOne<User>().WithMany(u => u.DailyVitals).HasForeignKey(v => v.UserId).OnDelete(Owned);
        modelBuilder.Entity<PatientHealthRecord>().HasOne<User>().WithMany(u => u.Records).HasForeignKey(r => r.UserId).OnDelete(Owned);
        modelBuilder.Entity<MeasurementPreferences>().HasOne<User>().WithOne(u => u.Preferences).HasForeignKey<MeasurementPreferences>(p => p.UserId).OnDelete(Owned);

        // The record is the patient's; the doctor only wrote it down: ON DELETE SET NULL in the database.
        modelBuilder.Entity<PatientHealthRecord>().HasOne<User>().WithMany().HasForeignKey(r => r.RecordedBy).OnDelete(DeleteBehavior.SetNull);
    }

    // docs: end
}

/// <summary>The same model; EF Core leaves the user's tracked rows to the database.</summary>
public sealed class HandsOffContext(DbContextOptions options) : ClinicContext(options)
{
    protected override DeleteBehavior Owned => DeleteBehavior.ClientNoAction;
}

/// <summary>The same model without a delete behaviour that fits: EF Core wants to empty the foreign key of tracked rows, and can't.</summary>
public sealed class SeveringContext(DbContextOptions options) : ClinicContext(options)
{
    protected override DeleteBehavior Owned => DeleteBehavior.Restrict;
}
