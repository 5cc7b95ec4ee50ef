using System.Collections.Immutable;
using Expunge.Postgres;
using Expunge.Subjects;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Mvc;

namespace Expunge.Server.Dashboard;

/// <summary>The list of users, and which of them are selected.</summary>
public sealed partial class Users
{
    private const int PageSize = 25;

    private readonly HashSet<string> _selected = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _left = new();
    private CancellationTokenSource _loading = new();
    private ImmutableArray<Subject> _subjects = [];
    private long _total;
    private long _page;
    private string? _search;
    private bool _isLoading;
    private ProblemDetails? _unread;

    [Inject]
    private Database Database { get; set; } = default!;

    [Inject]
    private SubjectTable Table { get; set; } = default!;

    [Inject]
    private Work Work { get; set; } = default!;

    private string Title => TitleOf(Table);

    private string SearchLabel => $"Search {string.Join(", ", Table.Searched.Select(c => c.Name).Append($"whole {Table.Key.Name}"))}";

    private string NoRows => _isLoading ? "" : string.IsNullOrWhiteSpace(_search) ? $"There are no {Table.Noun}s." : $"No {Table.Noun} matches.";

    /// <inheritdoc/>
    protected override Task OnInitializedAsync() => LoadAsync();

    internal static string TitleOf(SubjectTable table) => $"{char.ToUpperInvariant(table.Noun[0])}{table.Noun[1..]}s";

    private Task SearchAsync(string? search)
    {
        (_search, _page) = (search, 0);
        return LoadAsync();
    }

    private Task TurnAsync(long page)
    {
        _page = page;
        return LoadAsync();
    }

    /// <summary>Reads the page of the list. One that is asked for later makes an earlier one void.</summary>
    private async Task LoadAsync()
    {
        if (_left.IsCancellationRequested) return;
        await _loading.CancelAsync();
        _loading.Dispose();
        _loading = CancellationTokenSource.CreateLinkedTokenSource(_left.Token);
        var cancellation = _loading.Token;
        _isLoading = true;
        var (subjects, total) = (ImmutableArray<Subject>.Empty, 0L);
        var query = new SubjectQuery { Search = _search?.Trim(), Limit = PageSize };
        var unread = await Work.DoAsync(async _ =>
        {
            total = await SubjectList.CountAsync(Database, Table, query, cancellation);
            // What was deleted can have been all of the last pages.
            _page = Math.Clamp(_page, 0, Math.Max(0, (total - 1) / PageSize));
            subjects = await SubjectList.ReadAsync(Database, Table, query with { Skip = _page * PageSize }, cancellation);
        });
        if (cancellation.IsCancellationRequested) return;
        (_subjects, _total, _unread, _isLoading) = (subjects, total, unread, false);
        // An action goes on with a dialog, behind which the list must be as it is now.
        StateHasChanged();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _left.Cancel();
        _left.Dispose();
        _loading.Dispose();
    }
}
