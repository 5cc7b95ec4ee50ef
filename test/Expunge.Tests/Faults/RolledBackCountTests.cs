using Expunge.Deletion;
using Xunit;

namespace Expunge.Tests.Faults;

/// <summary>What a trigger's function deletes and its own EXCEPTION block takes back is not deleted, and not counted; PostgreSQL's statistics do count it.</summary>
public sealed class RolledBackCountTests
{
    private const string TakesBack =
        """
        CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          DELETE FROM public.comments WHERE post_id = OLD.id;
          RAISE 'not like that';
        EXCEPTION WHEN raise_exception THEN
          RETURN OLD;
        END $$;
        CREATE TRIGGER f BEFORE DELETE ON posts FOR EACH ROW EXECUTE FUNCTION f();
        """;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_trigger_takes_back_is_not_counted(bool whale)
    {
        await using var database = await FaultDatabase.CreateAsync(TakesBack, whale);
        var before = await database.Test.CountAsync();
        await database.AskAsync(1, 2, 3);

        var done = await database.RunAsync();

        Assert.Equal((DeletionState.Completed, 3L), (done.State, done.Subjects.Deleted));
        FaultDatabase.HasCounted(before, await database.Test.CountAsync(), done);
    }
}
