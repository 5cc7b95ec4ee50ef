namespace ZivoHealth.Sample;

/// <summary>What a column's name and type don't tell: the few rows that must fit together.</summary>
internal static class SampleRules
{
    /// <summary>Corrects a row that has been made column by column.</summary>
    public static void Apply(SampleTable table, object?[] row, int owner, Random random)
    {
        switch (table.Name)
        {
            case "users":
                var marked = owner % 200 == 150;
                Set("email", $"user{owner}@example.com");
                Set("full_name", $"Sample User {owner}");
                Set("hashed_password", "$2b$12$sample");
                Set("role", Population.IsDoctor(owner) ? "doctor" : "patient");
                Set("is_active", !marked && owner % 30 != 0);
                Set("is_tobe_deleted", marked);
                Set("delete_date", marked ? new DateTime(2025, 10, 19, 12, 0, 0, DateTimeKind.Utc) : null);
                break;

            // Reviewed by a doctor, released by the system account, or waiting: a reviewer and a time go together.
            case "clinical_reports":
                if (Get("reviewed_by") is null && random.Next(2) == 0) Set("reviewed_by", 1);
                Set("reviewed_at", Get("reviewed_by") is null ? null : new DateTime(2025, 10, 1, 9, 0, 0, DateTimeKind.Utc));
                break;

            // What nobody else uploaded, patients uploaded themselves.
            case "medical_images" when Get("uploaded_by") is null:
                Set("uploaded_by", owner);
                break;

            // Either written before the agent knew the user, who is then known by the text alone, or without the text.
            case "agent_memory":
                Set(random.Next(3) == 0 ? "user_id" : "external_user_id", null);
                break;

            case "row_deletions":
                Set("table_name", "medical_images");
                break;
        }

        int At(string column) => table.Columns.Select((c, at) => (c.Name, at)).First(c => c.Name == column).at;
        object? Get(string column) => row[At(column)];
        void Set(string column, object? value) => row[At(column)] = value;
    }
}
