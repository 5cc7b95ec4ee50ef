using static ZivoHealth.Sample.Volume;

namespace ZivoHealth.Sample;

/// <summary>The volume of every table: about 250 rows a user, most of them in a few tables, as in production.</summary>
internal static class Volumes
{
    private static readonly Dictionary<string, Volume> ByTable = new(StringComparer.Ordinal)
    {
        ["organizations"] = Fixed(5), ["clinics"] = Fixed(12), ["lab_test_definitions"] = Fixed(60), ["medication_dictionary"] = Fixed(80),
        ["nutrient_dictionary"] = Fixed(30), ["condition_dictionary"] = Fixed(50), ["wellness_challenges"] = Fixed(6), ["row_deletions"] = Fixed(4),

        ["healthkit_raw_data"] = PerUser(14), ["healthkit_samples"] = PerParent(2), ["vitals_raw_data"] = PerUser(18), ["vitals_raw_categorized"] = PerParent(0.4),
        ["nutrition_raw_data"] = PerUser(10), ["pharmacy_raw_data"] = PerUser(1.5), ["vitals_hourly_aggregates"] = PerUser(12),
        ["vitals_daily_aggregates"] = PerUser(10), ["nutrition_daily_aggregates"] = PerUser(8), ["healthkit_daily_aggregates"] = PerUser(8), ["mental_health_daily"] = PerUser(3),
        ["pharmacy_daily_aggregates"] = PerUser(1.5), ["vitals_weekly_aggregates"] = PerUser(3), ["nutrition_weekly_aggregates"] = PerUser(2),
        ["healthkit_weekly_aggregates"] = PerUser(2), ["vitals_monthly_aggregates"] = PerUser(1.5),

        ["chat_sessions"] = PerUser(1.6), ["chat_messages"] = PerParent(6), ["message_attachments"] = PerParent(0.1), ["attachment_scans"] = PerParent(1),
        ["login_events"] = PerUser(8), ["user_notifications"] = PerUser(6), ["opentelemetry_traces"] = PerUser(6), ["api_request_logs"] = PerUser(6),
        ["audit_events"] = PerUser(5), ["search_queries"] = PerUser(3), ["document_processing_logs"] = PerUser(2),
        ["patient_health_records"] = PerUser(2), ["health_data_history"] = PerParent(1.5), ["mental_health_entries"] = PerUser(2), ["health_scores"] = PerUser(2),
        ["lab_reports"] = PerUser(0.8), ["lab_results"] = PerParent(6), ["lab_report_categorized"] = PerUser(1.5), ["lab_orders"] = PerUser(0.5), ["lab_order_items"] = PerParent(2),
        ["prescriptions"] = PerUser(1), ["prescription_items"] = PerParent(2), ["medication_schedules"] = PerParent(1), ["medication_doses"] = PerParent(4),
        ["reminders"] = PerUser(1.5), ["sleep_sessions"] = PerUser(3), ["symptom_entries"] = PerUser(2),

        ["user_consents"] = PerUser(2), ["user_conditions"] = PerUser(0.9), ["user_devices"] = PerUser(1.2), ["user_sessions"] = PerUser(1.4), ["user_identities"] = PerUser(0.7),
        ["appointments"] = PerUser(1.1), ["pharmacy_bills"] = PerUser(0.7), ["pharmacy_medications"] = PerUser(1.3), ["clinical_notes"] = PerUser(0.8),
        ["wellness_points"] = PerUser(1.6), ["payments"] = PerUser(0.9), ["feedback"] = PerUser(0.15), ["api_keys"] = PerUser(0.05), ["password_reset_tokens"] = PerUser(0.2),
        ["data_export_requests"] = PerUser(0.03), ["support_tickets"] = PerUser(0.2), ["consultation_requests"] = PerUser(0.25), ["ai_insights"] = PerUser(1.2),
        ["coaching_plans"] = PerUser(0.1), ["wellness_rewards"] = PerUser(0.12), ["insurance_policies"] = PerUser(0.3), ["lab_reports_yearly"] = PerUser(0.3),

        ["nutrition_goal_targets"] = PerParent(2), ["meal_plan_days"] = PerParent(3), ["meal_plan_items"] = PerParent(2), ["image_annotations"] = PerParent(0.8),
        ["appointment_notes"] = PerParent(0.7), ["pharmacy_bill_lines"] = PerParent(2), ["support_ticket_messages"] = PerParent(2),
        ["doctors"] = PerDoctor(1), ["doctor_availability"] = PerDoctor(5), ["doctor_credentials"] = PerParent(2), ["care_team_members"] = Once(0.7),

        ["user_profiles"] = Once(), ["user_lifestyle"] = Once(0.8), ["user_measurement_preferences"] = Once(0.9), ["notification_preferences"] = Once(),
        ["vitals_sync_status"] = Once(0.8), ["nutrition_sync_status"] = Once(0.6), ["healthkit_sync_status"] = Once(0.7),
        ["two_factor_secrets"] = Once(0.2), ["subscriptions"] = Once(0.3), ["organization_members"] = Once(0.4),
    };

    /// <summary>A table that isn't listed is a small one: a row for every second user or so.</summary>
    public static Volume Of(string table) => ByTable.GetValueOrDefault(table, PerUser(0.5));
}
