using Xunit;

namespace Expunge.Tests.Faults;

/// <summary>
/// What a database can do to a deletion of user 2 and of nobody else, on the tables of <see cref="FaultDatabase"/>, with what the reason of the deletion must name, and the tables that have lost rows of it
/// when it is a whale.
/// </summary>
internal static class Suppressors
{
    public static TheoryData<string, string, string, string> All => new()
    {
        {
            "a trigger that raises", "comments", "",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.owner = 2 THEN RAISE 'comments'; END IF; RETURN OLD; END $$; CREATE TRIGGER f BEFORE DELETE ON comments FOR EACH ROW EXECUTE FUNCTION f();"
        },
        {
            "a trigger that returns NULL", "comments.post_id", "",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN OLD.owner <> 2 THEN OLD END; END $$; CREATE TRIGGER f BEFORE DELETE ON comments FOR EACH ROW EXECUTE FUNCTION f();"
        },
        {
            "a trigger that marks the row as deleted instead", "comments.post_id", "",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.owner <> 2 THEN RETURN OLD; END IF; UPDATE public.comments SET text = 'deleted' WHERE id = OLD.id; RETURN NULL; END $$; CREATE TRIGGER f BEFORE DELETE ON comments FOR EACH ROW EXECUTE FUNCTION f();"
        },
        {
            "a trigger whose function swallows its own error", "comments.post_id", "",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM 1 / (OLD.owner - 2); RETURN OLD; EXCEPTION WHEN OTHERS THEN RETURN NULL; END $$; CREATE TRIGGER f BEFORE DELETE ON comments FOR EACH ROW EXECUTE FUNCTION f();"
        },
        {
            "a trigger that undoes SET NULL", "likes.user_id", "comments",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.owner = 2 THEN NEW.user_id := OLD.user_id; END IF; RETURN NEW; END $$; CREATE TRIGGER f BEFORE UPDATE ON likes FOR EACH ROW EXECUTE FUNCTION f();"
        },
        {
            "a deferred trigger that writes the row again", "visits.owner", "comments",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.owner = 2 THEN INSERT INTO public.visits VALUES (OLD.id, OLD.owner); END IF; RETURN NULL; END $$; CREATE CONSTRAINT TRIGGER f AFTER DELETE ON visits DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION f();"
        },
        {
            "a deferred trigger that writes a row with a foreign key again", "comments", "comments",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.owner = 2 THEN INSERT INTO public.comments SELECT OLD.*; END IF; RETURN NULL; END $$; CREATE CONSTRAINT TRIGGER f AFTER DELETE ON comments DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION f();"
        },
        {
            "an inheritance child", "comments.post_id", "comments",
            "CREATE TABLE old_comments () INHERITS (comments); INSERT INTO old_comments VALUES (999999, 21, 2, 'old');"
        },
    };
}
