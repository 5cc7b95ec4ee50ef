using Expunge.Rehearsing;
using Xunit;

namespace Expunge.Tests.Rehearsing;

public sealed class SqlScriptTests
{
    public static TheoryData<string, string[]> Scripts => new()
    {
        { "SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"] },
        { "-- a; b\nSELECT 1; /* x; /* y; */ z; */ SELECT 2;\n\n", ["SELECT 1", "SELECT 2"] },
        { "SELECT ';''', \"a;\"\"b\", E'\\';';SELECT 2", ["SELECT ';''', \"a;\"\"b\", E'\\';'", "SELECT 2"] },
        { @"SELECT '\'; SELECT 2", [@"SELECT '\'", "SELECT 2"] },
        { "CREATE FUNCTION f() AS $$ BEGIN; END; $$; DO $x$ $$ ; $x$; SELECT $1", ["CREATE FUNCTION f() AS $$ BEGIN; END; $$", "DO $x$ $$ ; $x$", "SELECT $1"] },
        { "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3", ["CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END", "SELECT 3"] },
        { "\\restrict abc\nSELECT 1;\n\\unrestrict abc\n", ["SELECT 1"] },
        { "COPY t (a) FROM stdin;\n1;\n'\n\\.\n\nSELECT 2;", ["COPY t (a) FROM stdin", "SELECT 2"] },
        { ";;  ;", [] },
        { "SELECT 'open", ["SELECT 'open"] },
    };

    [Theory, MemberData(nameof(Scripts))]
    public void A_script_is_split_where_psql_would_split_it(string script, string[] statements) => Assert.Equal(statements, SqlScript.Statements(script));
}
