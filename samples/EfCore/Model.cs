using System.ComponentModel.DataAnnotations;
using System.ComponentModel.DataAnnotations.Schema;

namespace Expunge.Samples.EfCore;

[Table("users")]
public sealed class User
{
    [Column("id")]
    public int Id { get; init; }

    [Column("email")]
    public required string Email { get; set; }

    [Column("hashed_password")]
    public required string HashedPassword { get; set; }

    public List<VitalsDailyAggregate> DailyVitals { get; init; } = [];

    public List<PatientHealthRecord> Records { get; init; } = [];

    public MeasurementPreferences? Preferences { get; set; }
}

[Table("vitals_daily_aggregates")]
public sealed class VitalsDailyAggregate
{
    [Column("id")]
    public long Id { get; init; }

    [Column("user_id")]
    public int UserId { get; set; }

    [Column("date")]
    public DateOnly Date { get; set; }
}

[Table("patient_health_records")]
public sealed class PatientHealthRecord
{
    [Column("id")]
    public int Id { get; init; }

    [Column("user_id")]
    public int UserId { get; set; }

    [Column("recorded_by")]
    public int? RecordedBy { get; set; }
}

/// <summary>Its primary key is the foreign key: it can't be emptied at all.</summary>
[Table("user_measurement_preferences")]
public sealed class MeasurementPreferences
{
    [Key]
    [DatabaseGenerated(DatabaseGeneratedOption.None)]
    [Column("user_id")]
    public int UserId { get; set; }

    [Column("weight_unit")]
    public string WeightUnit { get; set; } = "kg";
}
