using System.Collections.Immutable;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Subjects;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Mvc;

namespace Expunge.Server.Dashboard;

/// <summary>The list of users, and which of them are selected.</summary>
public sealed partial class Users
{
    private const int PageSize = 25;

    private ImmutableArray<Subject> _subjects = [];
    private long _total;
    private bool _isLoading;
    private ProblemDetails? _unread;

    [Inject]
    private Database Database { get; set; } = default!;

    [Inject]
    private SubjectTable Table { get; set; } = default!;

    [Inject]
    private PolicyFile Policy { get; set; } = default!;

    private string Title => TitleOf(Table);

    private string SearchLabel => $"Search {string.Join(", ", Table.Searched.Select(c => c.Name).Append($"whole {Table.Key.Name}"))}";

    private string NoRows => _isLoading ? "" : string.IsNullOrWhiteSpace(List.Search) && List.State is null ? $"There are no {Table.Noun}s." : $"No {Table.Noun} matches.";

    private string Selection => $"{List.Selected.Count:N0} selected{(IsTooMany ? $"; {Options.MaxIdsPerRequest:N0} at most can be worked on at once" : "")}";

    private bool IsTooMany => List.Selected.Count > Options.MaxIdsPerRequest;

    private bool CanNotAct => IsBusy || IsTooMany || List.Selected.Count == 0;

    private bool CanSelectMore => _unread is null && _total > _subjects.Length && _total <= Options.MaxIdsPerRequest;

    private SubjectQuery Query => new() { Search = List.Search?.Trim(), State = List.State, GracePeriod = Policy.GracePeriod, Limit = PageSize };

    /// <summary>What the policy has columns for.</summary>
    private ImmutableArray<(SubjectState State, string Text)> States =>
    [
        .. Table.IsActive is null && Table.IsToBeDeleted is null ? [] : new[] { (SubjectState.Active, "active") },
        .. Table.IsToBeDeleted is null ? [] : new[] { (SubjectState.Marked, "to be deleted") },
        .. Table.IsToBeDeleted is null || Table.DeleteDate is null || Policy.GracePeriod is null ? [] : new[] { (SubjectState.Due, "grace period over") },
    ];

    /// <inheritdoc/>
    protected override Task OnInitializedAsync() => LoadAsync();

    internal static string TitleOf(SubjectTable table) => $"{table.Title}s";

    private Task SearchAsync(string? search)
    {
        (List.Search, List.Page) = (search, 0);
        return LoadAsync();
    }

    private Task ShowAsync(SubjectState? state)
    {
        (List.State, List.Page) = (state, 0);
        return LoadAsync();
    }

    private async Task SelectAllAsync()
    {
        // What is shown at this moment may be more than when it was counted.
        var query = Query with { Limit = Options.MaxIdsPerRequest };
        await RunAsync($"Selecting all {Actions.Noun}s that match …", async _ => List.Selected.UnionWith(await SubjectList.KeysAsync(Database, Table, query, Left)));
    }

    private Task TurnAsync(long page)
    {
        List.Page = page;
        return LoadAsync();
    }

    /// <summary>Reads the page of the list. One that is asked for later makes an earlier one void.</summary>
    protected override async Task LoadAsync()
    {
        var cancellation = await BeginLoadAsync();
        if (cancellation.IsCancellationRequested) return;
        _isLoading = true;
        var (subjects, total) = (ImmutableArray<Subject>.Empty, 0L);
        var query = Query;
        var unread = await Work.DoAsync(async _ =>
        {
            total = await SubjectList.CountAsync(Database, Table, query, cancellation);
            // What was deleted can have been all of the last pages.
            List.Page = Math.Clamp(List.Page, 0, Math.Max(0, (total - 1) / PageSize));
            subjects = await SubjectList.ReadAsync(Database, Table, query with { Skip = List.Page * PageSize }, cancellation);
        });
        if (cancellation.IsCancellationRequested) return;
        (_subjects, _total, _unread, _isLoading) = (subjects, total, unread, false);
        // An action goes on with a dialog, behind which the list must be as it is now.
        StateHasChanged();
    }
}
