using Xunit;

namespace ZivoHealth.Tests;

/// <summary>What is deliberately as real databases are.</summary>
public sealed class FaultTests(CurrentDeployment current) : IClassFixture<CurrentDeployment>
{
    [Theory]
    [InlineData("fk_up_uid", "FOREIGN KEY (user_id) REFERENCES users(id)")]
    [InlineData("lab_reports_patient_fk", "FOREIGN KEY (user_id) REFERENCES users(id)")]
    [InlineData("devices_owner_fk", "FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE")]
    [InlineData("vitals_raw_data_user_fk", "FOREIGN KEY (user_id) REFERENCES users(id)")]
    [InlineData("vitals_raw_data_user_id_fkey", "FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE")]
    [InlineData("pharmacy_bills_user_id_fkey", "FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE RESTRICT")]
    [InlineData("feedback_user_id_fkey", "FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE SET NULL")]
    [InlineData("user_identities_user_id_fkey", "FOREIGN KEY (user_id) REFERENCES users(id) ON UPDATE CASCADE ON DELETE CASCADE")]
    [InlineData("login_events_user_id_fkey", "FOREIGN KEY (user_id) REFERENCES users(id) ON UPDATE CASCADE")]
    [InlineData("user_notifications_user_id_fkey", "FOREIGN KEY (user_id) REFERENCES users(id) DEFERRABLE INITIALLY DEFERRED")]
    [InlineData("chat_sessions_last_message_id_fkey", "FOREIGN KEY (last_message_id) REFERENCES chat_messages(id) DEFERRABLE INITIALLY DEFERRED")]
    [InlineData("chat_messages_session_id_fkey", "FOREIGN KEY (session_id) REFERENCES chat_sessions(id)")]
    [InlineData("users_referred_by_fkey", "FOREIGN KEY (referred_by) REFERENCES users(id)")]
    [InlineData("clinical_notes_parent_note_id_fkey", "FOREIGN KEY (parent_note_id) REFERENCES clinical_notes(id)")]
    [InlineData("lab_order_items_order_fkey", "FOREIGN KEY (order_year, order_number) REFERENCES lab_orders(order_year, order_number)")]
    [InlineData("patient_health_records_recorded_by_fkey", "FOREIGN KEY (recorded_by) REFERENCES users(id)")]
    [InlineData("chat_sessions_doctor_id_fkey", "FOREIGN KEY (doctor_id) REFERENCES users(id) ON DELETE SET NULL")]
    [InlineData("clinical_reports_review_complete", "CHECK (((reviewed_by IS NULL) = (reviewed_at IS NULL)))")]
    public async Task Constraint(string name, string definition) =>
        Assert.Equal([definition], await current.NamesAsync($"SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = '{name}' AND conparentid = 0"));

    [Fact]
    public async Task A_constraint_has_a_comment() =>
        Assert.Equal(1, await current.CountAsync("SELECT count(*) FROM pg_constraint WHERE conname = 'lab_reports_patient_fk' AND obj_description(oid, 'pg_constraint') IS NOT NULL"));

    [Fact]
    public async Task A_table_that_reaches_users_indirectly_has_partitions_with_rows()
    {
        var partitions = await current.NamesAsync("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'healthkit_samples'::regclass");
        Assert.Equal(5, partitions.Count);
        foreach (var partition in partitions) Assert.NotEqual(0, await current.CountAsync($"SELECT count(*) FROM {partition}"));
    }

    [Fact]
    public async Task A_trigger_runs_before_each_deleted_image() =>
        Assert.Equal(1, await current.CountAsync("SELECT count(*) FROM pg_trigger WHERE tgrelid = 'medical_images'::regclass AND tgname = 'medical_images_count_deletion' AND tgtype & 11 = 11"));

    [Theory]
    [InlineData("audit_events", "actor_id", "integer")]
    [InlineData("opentelemetry_traces", "user_id", "integer")]
    [InlineData("search_queries", "user_id", "integer")]
    [InlineData("agent_memory", "external_user_id", "character varying")]
    [InlineData("api_request_logs", "user_ref", "character varying")]
    public async Task A_column_holds_users_ids_without_a_foreign_key(string table, string column, string type)
    {
        Assert.Equal([type], await current.NamesAsync($"SELECT data_type::text FROM information_schema.columns WHERE table_name = '{table}' AND column_name = '{column}'"));
        Assert.NotEqual(0, await current.CountAsync($"SELECT count(*) FROM {table} t JOIN users u ON u.id::text = t.{column}::text"));
    }

    [Theory]
    [InlineData("search_queries", "user_id", 3)]
    [InlineData("opentelemetry_traces", "user_id", 0)]
    [InlineData("audit_events", "actor_id", 0)]
    public async Task Orphans(string table, string column, int orphans) =>
        Assert.Equal(orphans, await current.CountAsync($"SELECT count(*) FROM {table} WHERE {column} IS NOT NULL AND {column} NOT IN (SELECT id FROM users)"));

    [Fact]
    public async Task Doctors_recorded_other_patients_records() => Assert.NotEqual(
        0,
        await current.CountAsync("SELECT count(*) FROM patient_health_records r JOIN users u ON u.id = r.recorded_by WHERE u.role = 'doctor' AND r.user_id <> u.id"));
}
