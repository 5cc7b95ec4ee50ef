namespace Expunge.Verification;

/// <summary>By which operator PostgreSQL itself compares a key: another one of that name may stand in the search_path, or none.</summary>
/// <param name="Sql">Such as <c>OPERATOR(pg_catalog.=)</c>.</param>
/// <param name="ParentCast">What follows the parent's column: a cast, or nothing.</param>
/// <param name="ChildCast">What follows the child's column: a cast and a collation, or nothing.</param>
internal sealed record KeyOperator(string Sql, string ParentCast, string ChildCast)
{
    public string Compare(string parent, string child) => $"{parent}{ParentCast} {Sql} {child}{ChildCast}";
}
