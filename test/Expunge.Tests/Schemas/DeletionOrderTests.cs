using Expunge.Postgres;
using Xunit;

namespace Expunge.Tests.Schemas;

/// <summary>What PostgreSQL does with rows that a DELETE reaches in more than one way: each was a surprise. The prediction says the same.</summary>
public sealed class DeletionOrderTests
{
    [Fact]
    public Task Of_two_foreign_keys_on_the_same_columns_the_older_acts_first() => AsPredictedAsync(
        """
        CREATE TABLE users (id int PRIMARY KEY);
        CREATE TABLE posts (id int PRIMARY KEY, user_id int);
        CREATE TABLE notes (id int PRIMARY KEY, user_id int);
        INSERT INTO users VALUES (1), (2); INSERT INTO posts VALUES (10, 1); INSERT INTO notes VALUES (20, 2);
        ALTER TABLE posts ADD CONSTRAINT z FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE, ADD CONSTRAINT a FOREIGN KEY (user_id) REFERENCES users ON DELETE RESTRICT;
        ALTER TABLE notes ADD CONSTRAINT z FOREIGN KEY (user_id) REFERENCES users ON DELETE RESTRICT, ADD CONSTRAINT a FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE;
        """,
        "public.notes: id=20, user_id=2\npublic.users: id=2", "refused by public.notes z");

    [Fact]
    public Task No_action_refuses_a_row_that_a_longer_way_would_have_deleted() => AsPredictedAsync(Diamond("NO ACTION"), "refused by public.messages messages_user_id_fkey");

    [Fact]
    public Task No_action_that_is_deferred_does_not() => AsPredictedAsync(Diamond("NO ACTION DEFERRABLE INITIALLY DEFERRED"), "");

    [Fact]
    public Task Restrict_does_as_no_action_whatever_is_deferred() => AsPredictedAsync(Diamond("RESTRICT DEFERRABLE INITIALLY DEFERRED"), "refused by public.messages messages_user_id_fkey");

    [Fact]
    public Task A_row_that_is_set_twice_is_checked_against_a_row_that_is_gone_already() => AsPredictedAsync(
        """
        CREATE TABLE users (id int PRIMARY KEY);
        CREATE TABLE sessions (id int PRIMARY KEY, user_id int);
        CREATE TABLE posts (id int PRIMARY KEY, author int REFERENCES users ON DELETE SET NULL, editor int REFERENCES users ON DELETE SET NULL, session int REFERENCES sessions ON DELETE SET NULL);
        ALTER TABLE sessions ADD FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE;
        INSERT INTO users VALUES (1), (2); INSERT INTO sessions VALUES (10, 1), (11, 2); INSERT INTO posts VALUES (20, 1, 1, 10), (21, 2, NULL, 11);
        """,
        "refused by public.posts posts_session_fkey", "public.posts: id=20, author=1, editor=1, session=10\npublic.posts: id=21, author=NULL, editor=NULL, session=NULL\npublic.sessions: id=10, user_id=1\npublic.users: id=1");

    [Fact]
    public Task A_default_that_is_the_key_of_the_deleted_row_refuses() => AsPredictedAsync(
        """
        CREATE TABLE users (id int PRIMARY KEY);
        CREATE TABLE posts (id int PRIMARY KEY, user_id int DEFAULT 2 REFERENCES users ON DELETE SET DEFAULT);
        INSERT INTO users VALUES (1), (2); INSERT INTO posts VALUES (10, 1), (11, 2);
        """,
        "public.posts: id=10, user_id=2\npublic.posts: id=11, user_id=2\npublic.users: id=2", "refused by public.posts posts_user_id_fkey");

    // pg_attrdef has a row for it: the NULL is cast to the length.
    [Fact]
    public Task A_default_of_null_refuses_where_the_column_is_not_null() => AsPredictedAsync(
        """
        CREATE TABLE users (id varchar(40) PRIMARY KEY);
        CREATE TABLE posts (id int PRIMARY KEY, user_id varchar(40) NOT NULL DEFAULT NULL REFERENCES users ON DELETE SET DEFAULT);
        INSERT INTO users VALUES ('1'); INSERT INTO posts VALUES (10, '1');
        """,
        "refused by public.posts user_id");

    [Fact]
    public Task A_set_null_that_changes_a_key_is_refused_by_those_who_refer_to_it() => AsPredictedAsync(
        """
        CREATE TABLE users (id int PRIMARY KEY);
        CREATE TABLE files (id int PRIMARY KEY, owner int REFERENCES users ON DELETE SET NULL, UNIQUE (id, owner));
        CREATE TABLE shares (id int PRIMARY KEY, file int, owner int, CONSTRAINT of_owner FOREIGN KEY (file, owner) REFERENCES files (id, owner));
        INSERT INTO users VALUES (1), (2); INSERT INTO files VALUES (10, 1), (11, 2); INSERT INTO shares VALUES (20, 10, 1);
        """,
        "refused by public.shares of_owner", "public.files: id=10, owner=1\npublic.files: id=11, owner=NULL\npublic.shares: id=20, file=10, owner=1\npublic.users: id=1");

    [Fact]
    public Task A_row_without_a_parent_under_a_key_that_is_not_valid_refuses_to_be_set_twice() => AsPredictedAsync(
        """
        CREATE TABLE users (id int PRIMARY KEY);
        CREATE TABLE posts (id int PRIMARY KEY, author int REFERENCES users ON DELETE SET NULL, editor int REFERENCES users ON DELETE SET NULL, reader int);
        INSERT INTO users VALUES (1); INSERT INTO posts VALUES (10, 1, 1, 99);
        ALTER TABLE posts ADD CONSTRAINT orphan FOREIGN KEY (reader) REFERENCES users NOT VALID;
        """,
        "refused by public.posts orphan");

    private static string Diamond(string action) =>
        $"""
        CREATE TABLE users (id int PRIMARY KEY);
        CREATE TABLE sessions (id int PRIMARY KEY, user_id int REFERENCES users ON DELETE CASCADE);
        CREATE TABLE messages (id int PRIMARY KEY, session_id int REFERENCES sessions ON DELETE CASCADE, user_id int REFERENCES users ON DELETE {action});
        INSERT INTO users VALUES (1); INSERT INTO sessions VALUES (10, 1); INSERT INTO messages VALUES (20, 10, 1);
        """;

    /// <summary>Each user of <c>users</c> is deleted, and comes out so: the rows that are left, or who refused.</summary>
    private static async Task AsPredictedAsync(string sql, params string[] outcomes)
    {
        await using var database = await PredictionDatabase.CreateAsync();
        var actual = await database.DeletionsAreAsPredictedAsync(sql, new QualifiedName("public", "users"));
        Assert.Equal(outcomes, actual.OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => System.Text.RegularExpressions.Regex.Replace(o.Value, " with [0-9]{5}", "")));
    }
}
