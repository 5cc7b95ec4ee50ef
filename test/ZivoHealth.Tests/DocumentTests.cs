using Npgsql;
using Xunit;

namespace ZivoHealth.Tests;

/// <summary>The document's statements, word for word, before and after what the original migration does.</summary>
public sealed class DocumentTests(CurrentDeployment current) : IClassFixture<CurrentDeployment>
{
    private const string CreateTestUser =
        """
        INSERT INTO users (email, hashed_password, is_active)
        VALUES ('test_cascade_delete@example.com', '$2b$12$test', true)
        RETURNING id;
        """;

    private const string AddTestData =
        """
        INSERT INTO vitals_daily_aggregates (user_id, date) 
        VALUES (12345, '2025-10-20');

        INSERT INTO nutrition_daily_aggregates (user_id, date) 
        VALUES (12345, '2025-10-20');
        """;

    private const string DeleteTestUser = "DELETE FROM users WHERE id = 12345;";

    private const string Verify =
        """
        SELECT 
            tc.table_name,
            kcu.column_name,
            rc.delete_rule
        FROM information_schema.table_constraints AS tc
        JOIN information_schema.key_column_usage AS kcu
          ON tc.constraint_name = kcu.constraint_name
        JOIN information_schema.referential_constraints AS rc
          ON rc.constraint_name = tc.constraint_name
        JOIN information_schema.constraint_column_usage AS ccu
          ON ccu.constraint_name = tc.constraint_name
        WHERE tc.constraint_type = 'FOREIGN KEY'
          AND ccu.table_name = 'users'
          AND rc.delete_rule = 'CASCADE'
        ORDER BY tc.table_name;
        """;

    private const string CountCascades =
        """
        SELECT COUNT(*) 
        FROM information_schema.referential_constraints 
        WHERE delete_rule = 'CASCADE';
        """;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Before_the_fix_the_test_user_is_created_and_cannot_be_deleted()
    {
        await using var transaction = await BeginAsync();
        Assert.Equal(SampleData.NextUser, await current.CountAsync(CreateTestUser));
        await current.ExecuteAsync(AddTestData);
        Assert.Equal(1, await current.CountAsync("SELECT COUNT(*) FROM vitals_daily_aggregates WHERE user_id = 12345;"));
        Assert.Equal(1, await current.CountAsync("SELECT COUNT(*) FROM nutrition_daily_aggregates WHERE user_id = 12345;"));
        await BlockedAsync();
    }

    [Fact]
    public async Task The_original_migration_reports_success_and_a_real_user_still_cannot_be_deleted()
    {
        await using var transaction = await BeginAsync();
        var printed = await OriginalMigration.RunAsync(current.Connection, transaction, Ct);
        Assert.Equal("Fixing CASCADE constraints for user-related tables...", printed[0]);
        Assert.Equal("  ✅ Fixed user_profiles", printed[1]);
        Assert.Equal("  ✅ Fixed vitals_raw_data", printed[2]);
        Assert.Contains("  ⏭️  Skipping user_health_conditions (table does not exist)", printed);
        Assert.Equal("✅ CASCADE constraints fixed successfully!", printed[^1]);

        await current.CountAsync(CreateTestUser);
        await current.ExecuteAsync(AddTestData);
        await transaction.SaveAsync("as_the_document_tests", Ct);
        await current.ExecuteAsync(DeleteTestUser);

        await transaction.RollbackAsync("as_the_document_tests", Ct);
        foreach (var row in OriginalMigration.RealUserRows) await current.ExecuteAsync(row);
        await BlockedAsync();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Each_of_the_first_real_rows_alone_blocks_after_the_original_migration(int row)
    {
        await using var transaction = await BeginAsync();
        await OriginalMigration.RunAsync(current.Connection, transaction, Ct);
        await current.CountAsync(CreateTestUser);
        await current.ExecuteAsync(OriginalMigration.RealUserRows[row]);
        await BlockedAsync();
    }

    [Fact]
    public async Task The_verify_query_lists_the_cascading_foreign_keys_to_users_once_each() => Assert.Equal(
        await current.CountAsync("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND confdeltype = 'c' AND confrelid = 'users'::regclass"),
        (await current.NamesAsync(Verify)).Count);

    [Fact]
    public async Task The_production_count_runs() => Assert.InRange(await current.CountAsync(CountCascades), 5, 20);

    private async Task BlockedAsync()
    {
        var error = await Assert.ThrowsAsync<PostgresException>(() => current.ExecuteAsync(DeleteTestUser));
        // RESTRICT has a code of its own from PostgreSQL 18.
        Assert.True(error.SqlState is PostgresErrorCodes.ForeignKeyViolation or PostgresErrorCodes.RestrictViolation, error.SqlState);
    }

    // Sequences don't roll back, so each test gives the next id back to the document.
    private async Task<NpgsqlTransaction> BeginAsync()
    {
        await current.ExecuteAsync("SELECT setval('users_id_seq', 12345, false)");
        return await current.Connection.BeginTransactionAsync(Ct);
    }
}
