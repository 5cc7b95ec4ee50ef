using System.Collections.Immutable;
using System.Text.Json;
using Expunge.Deletion;
using Expunge.Policy;
using Expunge.Postgres;
using Expunge.Subjects;
using Expunge.Verification;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Mvc;

namespace Expunge.Server.Dashboard;

/// <summary>One user: what their row says, what is theirs, and what a deletion would do.</summary>
public sealed partial class UserPage
{
    private const string Path = "/users/";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private string _key = "";
    private bool _isReading;
    private Subject? _subject;
    private ImmutableArray<ExplainedReference> _references;
    private DeletionEstimate? _estimate;
    private ImmutableArray<SharedOfSubject> _shared;
    private ProblemDetails? _unread;
    private ProblemDetails? _uncounted;
    private ProblemDetails? _unshared;

    /// <summary>The key as the router gives it, which leaves an escaped slash escaped; the address has it exactly.</summary>
    [Parameter]
    public string Key { get; set; } = "";

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    [Inject]
    private Database Database { get; set; } = default!;

    [Inject]
    private PolicyFile Policy { get; set; } = default!;

    [Inject]
    private SubjectTable Table { get; set; } = default!;

    private string Title => $"{Table.Title} {_subject?.Key ?? _key}";

    private bool IsMissing => _subject is null && !_isReading && (_unread is null || (_unread.Extensions.TryGetValue("code", out var code) && Equals(code, ErrorCodes.BadId)));

    private bool IsMarked => _subject!.Values.TryGetProperty(SubjectMarks.Mark, out var mark) && mark.ValueKind == JsonValueKind.True;

    private ImmutableArray<string> Keys => [_subject!.Key];

    /// <summary>The address of a user's page.</summary>
    internal static string Href(string key) => Path + Uri.EscapeDataString(key);

    /// <inheritdoc/>
    protected override Task OnParametersSetAsync()
    {
        var key = Uri.UnescapeDataString(new Uri(Navigation.Uri).AbsolutePath[Path.Length..]);
        if (key == _key) return Task.CompletedTask;
        (_key, _subject) = (key, null);
        return LoadAsync();
    }

    /// <inheritdoc/>
    protected override async Task LoadAsync()
    {
        var cancellation = await BeginLoadAsync();
        if (cancellation.IsCancellationRequested) return;
        _isReading = true;
        Subject? subject = null;
        var unread = await Work.DoAsync(async _ => subject = (await SubjectList.ReadAsync(Database, Table, new SubjectQuery { Key = _key, Limit = 1 }, cancellation)).FirstOrDefault());
        if (cancellation.IsCancellationRequested) return;
        (_subject, _unread, _isReading) = (subject, unread, false);
        (_references, _estimate, _shared, _uncounted, _unshared) = ([], null, default, null, null);
        StateHasChanged();
        // Of a user with very much this takes a while, in which the rest of the page works.
        if (subject is not null) _ = CountAsync(subject.Key, cancellation);
    }

    private async Task CountAsync(string key, CancellationToken cancellation)
    {
        var (references, estimate, shared) = (_references, _estimate, _shared);
        var problem = await Work.DoAsync(async _ =>
        {
            references = await Estimator.ExplainAsync(Database, Policy, key, cancellation);
            estimate = await Actions.EstimateAsync([key], cancellation);
        });
        if (cancellation.IsCancellationRequested) return;
        (_references, _estimate, _uncounted) = (references, estimate, problem);
        StateHasChanged();
        problem = await Work.DoAsync(async _ => shared = await SharedRows.OfAsync(Database, Policy, key, Patience, cancellation));
        if (cancellation.IsCancellationRequested) return;
        (_shared, _unshared) = (shared, problem);
        StateHasChanged();
    }
}
