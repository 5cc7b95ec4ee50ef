using System.Collections.Immutable;
using Expunge.Catalog;
using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Postgres;

namespace Expunge.Subjects;

/// <summary>The root table with the columns that the policy gives a part in lists and marking, as they were in the catalog when it was read.</summary>
public sealed record SubjectTable
{
    /// <summary>The root.</summary>
    public required QualifiedName Root { get; init; }

    /// <summary>Its key.</summary>
    public required Column Key { get; init; }

    /// <summary>What a list shows beside the key and the marks, in the policy's order.</summary>
    public ImmutableArray<Column> Shown { get; init; } = [];

    /// <summary>What a search looks through beside the key; all of them text.</summary>
    public ImmutableArray<Column> Searched { get; init; } = [];

    /// <summary>The boolean column that marking sets to false; null when there is none.</summary>
    public Column? IsActive { get; init; }

    /// <summary>The boolean column that is the mark; null when subjects can't be marked.</summary>
    public Column? IsToBeDeleted { get; init; }

    /// <summary>The column that tells when a subject was marked; null when nothing does.</summary>
    public Column? DeleteDate { get; init; }

    /// <summary>What a subject is called in messages: <c>user</c> for <c>public.users</c>.</summary>
    public string Noun => NounOf(Root);

    /// <summary>The same at the beginning of a sentence or as a title: <c>User</c>.</summary>
    public string Title => $"{char.ToUpperInvariant(Noun[0])}{Noun[1..]}";

    /// <summary>What a subject of a table is called in messages: the table's name without an s at its end.</summary>
    /// <param name="root">The table.</param>
    public static string NounOf(QualifiedName root) => root.Name.EndsWith('s') ? root.Name[..^1] : root.Name;

    /// <summary>Finds the policy's columns in a catalog. Pure.</summary>
    /// <param name="catalog">What the database has.</param>
    /// <param name="policy">The policy; without <see cref="PolicyFile.Columns"/> lists show the key alone.</param>
    /// <exception cref="PolicyException">The policy names what does not exist or asks for what is impossible; all such places are listed.</exception>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.RootNotFound"/>: the root does not exist, or has no primary key of one column.</exception>
    public static SubjectTable Of(CatalogSnapshot catalog, PolicyFile policy)
    {
        var root = Decisions.Of(catalog, policy).Reach.Root;
        var columns = policy.Columns ?? new();
        var shown = columns.Show.Select(c => root.Column(c.Name)!).ToList();
        return new SubjectTable
        {
            Root = root.Name,
            Key = SubjectKeys.Column(root),
            // The key and the marks have a place of their own in a list.
            Shown = [.. shown.Where(c => c.Name != ColumnsResolver.Id && !ColumnsReader.Marks.Contains(c.Name))],
            Searched = [.. columns.Search?.Select(c => root.Column(c.Name)!) ?? shown.Where(ColumnsResolver.IsText)],
            IsActive = Mark(columns.IsActive),
            IsToBeDeleted = Mark(columns.IsToBeDeleted),
            DeleteDate = Mark(columns.DeleteDate),
        };

        Column? Mark(NamedColumn? column) => column is null ? null : root.Column(column.Name);
    }

    /// <summary>Reads the catalog and finds the policy's columns in it.</summary>
    /// <param name="database">The database.</param>
    /// <param name="policy">The policy; without <see cref="PolicyFile.Columns"/> lists show the key alone.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <exception cref="PolicyException">The policy names what does not exist or asks for what is impossible; all such places are listed.</exception>
    /// <exception cref="ExpungeException">The server can't be reached or worked on; or <see cref="ErrorCodes.RootNotFound"/>: the root does not exist, or has no primary key of one column.</exception>
    public static async Task<SubjectTable> ReadAsync(Database database, PolicyFile policy, CancellationToken cancellation = default) => Of(await database.ReadCatalogAsync(cancellation), policy);

    /// <summary>The columns of the marks that the policy has, by the names that lists call them.</summary>
    internal IEnumerable<(string Name, Column Column)> Marks =>
        new[] { (ColumnsReader.IsActive, IsActive), (ColumnsReader.IsToBeDeleted, IsToBeDeleted), (ColumnsReader.DeleteDate, DeleteDate) }.Where(m => m.Item2 is not null).Select(m => (m.Item1, m.Item2!));

    /// <summary>The column of the mark, quoted for SQL.</summary>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.NoMarkColumn"/>: the policy has none.</exception>
    public string Mark => IsToBeDeleted is { } mark ? Identifier.Quote(mark.Name) : throw new ExpungeException(
        ErrorCodes.NoMarkColumn, $"The policy names no column of {Root} that marks a {Noun} for deletion.",
        $"Add to the policy, under 'columns:', the line  {ColumnsReader.IsToBeDeleted}: {ColumnsReader.IsToBeDeleted}  with the name of a boolean column of {Root}.");

    /// <summary>The condition on <c>t</c> that a subject is marked and has been so for that long.</summary>
    /// <param name="grace">How long; null for any time.</param>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.NoMarkColumn"/>: the policy has no mark, or no date to hold the time against.</exception>
    internal string IsDue(TimeSpan? grace)
    {
        if (grace is not { } time) return $"t.{Mark}";
        if (DeleteDate is null)
        {
            throw new ExpungeException(
                ErrorCodes.NoMarkColumn, $"The policy has a grace period, and names no column of {Root} that tells when a {Noun} was marked.",
                $"Add to the policy, under 'columns:', the line  {ColumnsReader.DeleteDate}: {ColumnsReader.DeleteDate}  with the name of a date or timestamp column of {Root}. Nothing was changed.");
        }

        // Of a day only its end is sure to be over.
        var due = $"now() - interval '{(long)time.TotalSeconds} seconds'";
        return $"t.{Mark} AND t.{Identifier.Quote(DeleteDate.Name)} {(DeleteDate.Type == "date" ? $"< ({due})::date" : $"<= {due}")}";
    }

    /// <summary>What a statement on the subjects was refused for.</summary>
    internal ExpungeException Refused(Npgsql.PostgresException e, string what) => e is { SqlState: SqlStates.UndefinedTable or SqlStates.UndefinedColumn, Where: null or "" }
        // With a context it is a trigger or a function of the application that lacks something.
        ? new(ErrorCodes.SubjectTableChanged, $"{Root} is no longer as it was when it was read: {e.MessageText}.", "Correct 'root' or 'columns' in the policy where it was renamed or dropped, then try again. Nothing was changed.", e)
        : Refusal.Of(e, ErrorCodes.SubjectsRefused, what, "Nothing was changed");
}
