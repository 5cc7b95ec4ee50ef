using Npgsql;

namespace ZivoHealth;

/// <summary>
/// Migration 067 the way it was first written: a list of tables and the constraint name each is assumed to have, one transaction,
/// every error swallowed, success at the end whatever happened. Here to be shown, and rolled back.
/// </summary>
public static class OriginalMigration
{
    /// <summary>
    /// With these rows the document's test user (12345) looks like a real one, whom the original migration leaves undeletable: a profile, whose
    /// foreign key has another name than it assumed; an appointment, where the user's column is <c>patient_id</c>; a prescription and a reminder,
    /// which its list lacks; a message, behind a foreign key that doesn't lead to users at all.
    /// </summary>
    public static IReadOnlyList<string> RealUserRows { get; } =
    [
        "INSERT INTO user_profiles (user_id) VALUES (12345)",
        "INSERT INTO appointments (patient_id) VALUES (12345)",
        "INSERT INTO prescriptions (user_id) VALUES (12345)",
        "INSERT INTO reminders (user_id, message) VALUES (12345, 'Take with water')",
        "INSERT INTO chat_sessions (user_id, title) VALUES (12345, 'Headache')",
        "INSERT INTO chat_messages (session_id, user_id, content) SELECT id, user_id, 'Since Monday.' FROM chat_sessions WHERE user_id = 12345",
    ];

    // In the order of the document's output example; the rest as the document lists it.
    private static readonly string[] Tables =
    [
        "user_profiles", "vitals_raw_data",
        "vitals_daily_aggregates", "nutrition_daily_aggregates", "pharmacy_daily_aggregates", "healthkit_daily_aggregates", "lab_reports_daily", "mental_health_daily",
        "nutrition_raw_data", "pharmacy_raw_data", "healthkit_raw_data",
        "vitals_raw_categorized", "lab_report_categorized", "vitals_hourly_aggregates",
        "vitals_weekly_aggregates", "nutrition_weekly_aggregates", "pharmacy_weekly_aggregates", "healthkit_weekly_aggregates",
        "vitals_monthly_aggregates", "nutrition_monthly_aggregates", "pharmacy_monthly_aggregates", "healthkit_monthly_aggregates",
        "lab_reports_quarterly", "lab_reports_yearly",
        "nutrition_goals", "user_nutrient_focus", "nutrition_meal_plans",
        "vitals_sync_status", "nutrition_sync_status", "healthkit_sync_status",
        "clinical_notes", "clinical_reports", "medical_images", "lab_reports",
        "chat_sessions", "chat_messages", "agent_memory", "appointments", "consultation_requests",
        "user_conditions", "user_allergies", "user_lifestyle", "user_consents", "user_measurement_preferences",
        "patient_health_records", "health_data_history", "patient_health_summaries", "health_scores", "mental_health_entries",
        "user_identities", "login_events", "password_reset_tokens", "user_devices", "user_notifications",
        "document_processing_logs", "feedback", "pharmacy_medications", "pharmacy_bills",
        "user_health_conditions", "user_dietary_restrictions", "user_medications", "user_health_goals",
        "nutrition_logs", "mental_health_logs", "vitals", "vitals_aggregates", "vitals_categorized",
    ];

    /// <summary>Runs the migration inside the caller's transaction, which it leaves open.</summary>
    /// <param name="connection">The connection of <paramref name="transaction"/>.</param>
    /// <param name="transaction">Where all of it happens, as Alembic did it.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>What it printed, line by line.</returns>
    public static async Task<IReadOnlyList<string>> RunAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken ct = default)
    {
        var printed = new List<string> { "Fixing CASCADE constraints for user-related tables..." };
        foreach (var table in Tables) printed.Add("  " + await FixAsync(table, connection, transaction, ct));
        printed.Add("✅ CASCADE constraints fixed successfully!");
        return printed;
    }

    private static async Task<string> FixAsync(string table, NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken ct)
    {
        await using var exists = new NpgsqlCommand("SELECT EXISTS (SELECT FROM information_schema.tables WHERE table_schema = 'public' AND table_name = $1)", connection, transaction);
        exists.Parameters.Add(new() { Value = table });
        if (await exists.ExecuteScalarAsync(ct) is not true) return $"⏭️  Skipping {table} (table does not exist)";

        await transaction.SaveAsync("fix", ct);
        try
        {
            await using var fix = new NpgsqlCommand(
                $"""
                ALTER TABLE "{table}" DROP CONSTRAINT IF EXISTS "{table}_user_id_fkey";
                ALTER TABLE "{table}" ADD CONSTRAINT "{table}_user_id_fkey" FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE;
                """,
                connection,
                transaction);
            await fix.ExecuteNonQueryAsync(ct);
            await transaction.ReleaseAsync("fix", ct);
            return $"✅ Fixed {table}";
        }
        catch (PostgresException e)
        {
            await transaction.RollbackAsync("fix", ct);
            return $"⚠️  Skipping {table}: {e.MessageText}";
        }
    }
}
