using CsCheck;
using Expunge.Policy;
using Xunit;

namespace Expunge.Tests.Policy;

public sealed class PolicyErrorTests
{
    public static TheoryData<string, string> Wrong => new()
    {
        // not a policy at all
        { "", "1:1: the policy is empty; it needs at least 'root', such as 'root: public.users'" },
        { "# nothing\n", "1:1: the policy is empty; it needs at least 'root', such as 'root: public.users'" },
        { "---\n", "2:2: 'policy' is empty; write a mapping ('name: value') or remove it" },
        { "users", "1:1: 'policy' must be a mapping ('name: value'), not 'users'" },
        { "- root: users", "1:1: 'policy' must be a mapping ('name: value'), not a list" },
        { "name: x", "1:1: 'root' is missing: the table whose rows are the subjects, such as 'root: public.users'" },

        // not YAML, or YAML that a policy has no use for
        { "root: users\nreferences:\n\tt.c: cascade", "3:1: a tab can't indent in YAML; use spaces" },
        { "root: users\nreferences:\n  t.c: reassign: 0", "3:8: a second ':' on one line is not valid YAML; write { action: reassign, key: \"…\" }" },
        { "root: users\nreferences: {t.c: keep\n", "3:1: not valid YAML: while parsing a flow mapping, did not find expected ',' or '}'" },
        { "root: 'users", "1:7: not valid YAML: while scanning a quoted scalar, found unexpected end of stream" },
        { "root: users\ntables: { A: [b, c\n", "3:1: not valid YAML: while parsing a flow sequence, did not find expected ',' or ']'" },
        { "root: users\ntables:\n  A: [b, c\n  B: d\n", "3:8: not valid YAML after this place; is a bracket, brace or quote not closed?" },
        { "root: users\n---\nroot: users", "2:1: a second YAML document begins here; a policy is one document" },
        { "root: &r users\nname: *r", "1:7: the anchor '&r' is not supported in a policy\n2:7: the alias '*r' is not supported in a policy; write the value here again" },
        { "root: !table users", "1:7: the tag '!table' is not supported in a policy" },
        { "root: users\n? [a]\n: b", "2:3: a key is a single name, not a list or mapping" },
        { "root: \"a\\0b\"", "1:7: a NUL character can't be in a name or text" },
        { "root: users\ntables: [[[[[[[[[[[[[[[[[[[a]]]]]]]]]]]]]]]]]]]", "2:9: 'tables' must be a mapping ('name: value'), not a list\n2:24: nested too deeply" },

        // the top level
        { "root: users\nrefrences: {}", "2:1: unknown key 'refrences'; did you mean 'references'?" },
        { "root: users\ncolour: red", "2:1: unknown key 'colour'; it is one of root, revision, name, default, require_backup, grace_period, max_subjects, columns, references, soft_references, external, tables" },
        { "root: users\nname: a\nname: b", "3:1: 'name' is here twice; it is already in line 2" },
        { "root:", "1:6: 'root' is empty; write a single value or remove it" },
        { "root: ''", "1:7: 'root' is empty; write a single value or remove it" },
        { "root: ' '", "1:7: 'root' is blank" },
        { "root: [users]", "1:7: 'root' must be a single value, not a list" },
        { "root: a.b.c", "1:7: 'a.b.c' has 3 parts; a table is written 'table' or 'schema.table'" },
        { "root: a..b", "1:7: 'a..b': a part of the name is empty" },
        { "root: users\nrevision: base", "2:11: 'base' can't be a revision; use letters, digits, '.', '_' and '-', beginning with a letter or digit, and not 'base' or 'head'" },
        { "root: users\nrevision: -1", "2:11: '-1' can't be a revision; use letters, digits, '.', '_' and '-', beginning with a letter or digit, and not 'base' or 'head'" },
        { "root: users\ndefault: casade", "2:10: unknown action 'casade'; did you mean 'cascade'?" },
        { "root: users\ndefault: retain", "2:10: 'retain' can't be the default, only cascade or keep; name the references that it is meant for" },
        { "root: users\nrequire_backup: 24", "2:17: '24' is not a duration; write a whole number and m, h or d, such as 24h" },
        { "root: users\ngrace_period: soon", "2:15: 'soon' is not a duration; write a whole number and m, h or d, such as 24h" },
        { "root: users\nmax_subjects: 0", "2:15: '0' can't be 'max_subjects'; write a whole number, at least 1" },
        { "root: users\nrequire_backup: 0h", "2:17: '0h' is not a duration; write a whole number and m, h or d, such as 24h" },

        // columns
        { "root: users\ncolumns: [email]", "2:10: 'columns' must be a mapping ('name: value'), not a list" },
        { "root: users\ncolumns:", "2:9: 'columns' is empty; write a mapping ('name: value') or remove it" },
        { "root: users\ncolumns: { shwo: [email] }", "2:12: unknown key 'shwo'; did you mean 'show'?" },
        { "root: users\ncolumns: { show: email }", "2:18: 'show' must be a list, not 'email'" },
        { "root: users\ncolumns: { show: [email, [name]] }", "2:26: 'show' must be a single value, not a list" },
        { "root: users\ncolumns: { show: [email, '\"email\"'] }", "2:26: the column 'email' is already in line 2" },
        { "root: users\ncolumns: { search: [users.email] }", "2:21: 'users.email' is not the name of a column of the root; write it without a table, and with a dot in its name in double quotes" },
        { "root: users\ncolumns: { is_active: [a] }", "2:23: 'is_active' must be a single value, not a list" },
        { "root: users\ncolumns: { is_active: a, is_active: b }", "2:26: 'is_active' is here twice; it is already in line 2" },
        { "root: users\ncolumns: { is_tobe_deleted: a, is_active: a }", "2:43: the column 'a' can't be 'is_active': it is 'is_tobe_deleted' already, in line 2" },

        // references
        { "root: users\nreferences:", "2:12: 'references' is empty; write a mapping ('name: value') or remove it" },
        { "root: users\nreferences:\n  t.c: casade", "3:8: unknown action 'casade'; did you mean 'cascade'?" },
        { "root: users\nreferences:\n  t.c: SET NULL", "3:8: unknown action 'SET NULL'; did you mean 'set null'?" },
        { "root: users\nreferences:\n  t.c: set_default", "3:8: unknown action 'set_default'; did you mean 'set default'?" },
        { "root: users\nreferences:\n  t.c: delete", "3:8: unknown action 'delete'; it is one of cascade, set null, set default, retain, reassign, keep" },
        { "root: users\nreferences:\n  t.c:", "3:7: 't.c' is empty; write a single value or remove it" },
        { "root: users\nreferences:\n  t.c: [keep]", "3:8: 't.c' must be a single value, not a list" },
        { "root: users\nreferences:\n  t.c: retain", "3:8: 'retain' needs the reason that callers are shown; write { action: retain, reason: \"…\" }" },
        { "root: users\nreferences:\n  t.c: { action: retain, reason: '' }", "3:34: 'reason' is empty; write a single value or remove it" },
        { "root: users\nreferences:\n  t.c: reassign", "3:8: 'reassign' needs the key of the subject that takes the rows; write { action: reassign, key: \"…\" }" },
        { "root: users\nreferences:\n  t.c: { action: keep, key: 1 }", "3:8: 'key' goes with 'reassign', not with 'keep'" },
        { "root: users\nreferences:\n  t.c: { reassign: 0, key: 1 }", "3:8: 'reassign' takes the place of 'action' and 'key'; write one or the other" },
        { "root: users\nreferences:\n  t.c: { reason: because }", "3:8: 't.c' has no 'action'" },
        { "root: users\nreferences:\n  t.c: { action: keep, raeson: because }", "3:24: unknown key 'raeson'; did you mean 'reason'?" },
        { "root: users\nreferences:\n  c: keep", "3:3: 'c' is not the name of a reference; write 'table.column', 'schema.table.column' or 'table.(column, column)'" },
        { "root: users\nreferences:\n  t.(a, a): keep", "3:3: 't.(a, a)' names a column twice" },
        { "root: users\nreferences:\n  t.(a, ): keep", "3:3: 't.(a, )': a column's name is empty" },
        { "root: users\nreferences:\n  t.c: keep\n  public.t.c: cascade", "4:3: the reference 't.c' is already in line 3" },
        { "root: users\nreferences:\n  t.(a, b): keep\n  t.(b, a): cascade", "4:3: the reference 't.(b, a)' is already in line 3" },

        // soft references
        { "root: users\nsoft_references:\n  t.c: cascade", "3:8: unknown action 'cascade'; a soft reference has only 'delete'" },
        { "root: users\nsoft_references:\n  t.(a, b): delete", "3:3: the soft reference 't.(a, b)' has several columns; it can have only one" },
        { "root: users\nsoft_references:\n  t.c: { action: delete, enforce: yes }", "3:35: 'enforce' is 'true' or 'false', not 'yes'" },
        { "root: users\nsoft_references:\n  t.c: { enforce: true }", "3:8: 't.c' has no 'action'" },
        { "root: users\nsoft_references:\n  t.c: { action: delete, enforced: true }", "3:26: unknown key 'enforced'; did you mean 'enforce'?" },
        { "root: users\nsoft_references:\n  t.c: delete\n  public.t.c: delete", "4:3: the soft reference 't.c' is already in line 3" },
        { "root: users\nreferences:\n  t.c: keep\nsoft_references:\n  t.c: delete", "5:3: 't.c' is a reference in line 3; it can't be a soft reference too" },

        // external
        { "root: users\nexternal:", "2:10: 'external' is empty; write a single value or remove it" },
        { "root: users\nexternal: []", "2:11: 'external' names no column; name one or remove it" },
        { "root: users\nexternal: { t: c }", "2:11: 'external' must be a single value, not a mapping" },
        { "root: users\nexternal: path", "2:11: 'path' is not the name of a column; write 'table.column' or 'schema.table.column'" },
        { "root: users\nexternal: a..b", "2:11: 'a..b': a part of the name is empty" },
        { "root: users\nexternal:\n  - t.c\n  - public.t.c", "4:5: the column 't.c' is already in line 3" },

        // groups
        { "root: users\ntables: [a]", "2:9: 'tables' must be a mapping ('name: value'), not a list" },
        { "root: users\ntables:\n  A: b", "3:6: 'A' must be a list, not 'b'" },
        { "root: users\ntables:\n  A: []", "3:6: 'A' has no tables; name one or remove the group" },
        { "root: users\ntables:\n  A: { optional: true }", "3:6: 'A' has no 'tables'" },
        { "root: users\ntables:\n  A: { optinal: true, tables: [b] }", "3:8: unknown key 'optinal'; did you mean 'optional'?" },
        { "root: users\ntables:\n  A: [b]\n  B: [public.b]", "4:7: the table 'b' is already in line 3" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_is_wrong_is_said_with_its_place(string yaml, string expected)
    {
        var e = Assert.Throws<PolicyException>(() => PolicyReader.Read(yaml, null));

        Assert.Equal(ErrorCodes.PolicyInvalid, e.Code);
        Assert.Equal(expected, string.Join('\n', e.Message.Split('\n').Select(line => line["policy:".Length..])));
    }

    [Fact]
    public void All_errors_are_told_at_once_in_the_order_of_the_file()
    {
        var e = Assert.Throws<PolicyException>(() => PolicyReader.Read("default: casade\nreferences:\n  posts.author: delet\n  posts: keep\nroot: users\nnmae: x\n", "conf/expunge.yaml"));

        Assert.Equal(
            """
            conf/expunge.yaml:1:10: unknown action 'casade'; did you mean 'cascade'?
            conf/expunge.yaml:3:17: unknown action 'delet'; it is one of cascade, set null, set default, retain, reassign, keep
            conf/expunge.yaml:4:3: 'posts' is not the name of a reference; write 'table.column', 'schema.table.column' or 'table.(column, column)'
            conf/expunge.yaml:6:1: unknown key 'nmae'; did you mean 'name'?
            """.ReplaceLineEndings("\n"),
            e.Message);
        Assert.Equal([1, 3, 4, 6], e.Errors.Select(error => error.Location.Line));
        Assert.Contains("these places", e.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_text_is_read_or_refused_as_a_policy()
    {
        var pieces = Gen.OneOf("root: users", "references:", "tables", "t.c", ": ", "\n", "  ", "\t", "- ", "{", "}", "[", "]", ", ", "'", "\"", "#", "&a ", "*a", "!t ", "|", ">", "? ", "---", "...", "%YAML", "\\", "\0", "\uFEFF", "(", ")", "<<", "~");
        pieces.Array[0, 12].Select(string.Concat).Sample(text => Record.Exception(() => PolicyReader.Read(text, null)) is null or PolicyException, iter: 20_000);
    }

    [Fact]
    public void A_later_step_adds_errors_of_its_own()
    {
        var e = new PolicyException("expunge.yaml", [new(new(7, 3), "no table 'user_profile'; did you mean 'user_profiles'?")]);

        Assert.Equal("expunge.yaml:7:3: no table 'user_profile'; did you mean 'user_profiles'?", e.Message);
        Assert.Contains("this place", e.NextStep, StringComparison.Ordinal);
    }
}
