using System.Collections.Immutable;
using Expunge.Deletion;
using Expunge.Postgres;
using Expunge.Server.Accounts;
using Expunge.Subjects;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Mvc;
using MudBlazor;

namespace Expunge.Server.Dashboard;

/// <summary>One deletion, live. It tells users by their number only: whoever may see a deletion need not see whose it is.</summary>
public sealed partial class DeletionPage
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    private DeletionRate _rate = DeletionRate.Unknown;
    private DateTimeOffset _readAt;
    private string? _doing;
    private ProblemDetails? _problem;

    /// <summary>What the page shows.</summary>
    /// <param name="Job">The deletion.</param>
    /// <param name="Reasons">Why users of it could not be deleted.</param>
    public sealed record Shown(DeletionJob Job, ImmutableArray<FailureReason> Reasons);

    /// <summary>The deletion's number.</summary>
    [Parameter]
    public long Id { get; set; }

    [Inject]
    private Database Database { get; set; } = default!;

    [Inject]
    private SubjectTable Table { get; set; } = default!;

    [Inject]
    private DeletionRequests Requests { get; set; } = default!;

    [Inject]
    private IDialogService Dialogs { get; set; } = default!;

    private DeletionJob Job => Read!.Job;

    private double Percent => Job.Subjects.Total == 0 ? 100 : 100.0 * (Job.Subjects.Total - Job.Subjects.Pending) / Job.Subjects.Total;

    private string Done => $"{Job.Subjects.Total - Job.Subjects.Pending:N0} of {Counted.Of(Job.Subjects.Total, Table.Noun)} ({Math.Floor(Percent):0} %){(Job.Subjects.Failed > 0 ? $", {Job.Subjects.Failed:N0} failed" : "")}, {Counted.Of(Job.TotalDeleted, "row")} deleted";

    private string Rate => _rate.Rows is not { } rows ? "Measuring how fast it goes …"
        : $"{_rate.Users:N0} {Table.Noun}s/s, {rows:N0} rows/s. {(_rate.Left(Job.Subjects.Pending) is { } left ? $"About {Moment.Of(left)} left, until {(left.TotalHours < 12 ? $"{_readAt + left:HH:mm:ss}" : Moment.Of(_readAt + left))} UTC." : $"When it ends can be told when a {Table.Noun} is done.")}";

    private IEnumerable<(string Name, string Value)> Facts => new (string Name, string? Value)[]
    {
        ("asked for by", Job.RequestedBy),
        ("asked for at", $"{Moment.Of(Job.CreatedAt)} UTC"),
        ("begun at", Job.StartedAt is { } started ? $"{Moment.Of(started)} UTC" : null),
        ("ended at", Job.FinishedAt is { } finished ? $"{Moment.Of(finished)} UTC" : null),
        ("took", Job.Elapsed is { } elapsed ? Moment.Of(elapsed) : null),
        ("deleted", $"{Job.Subjects.Deleted:N0}"),
        ("failed", $"{Job.Subjects.Failed:N0}"),
        ("left to do", Some(Job.Subjects.Pending)),
        ("not found", Some(Job.Subjects.NotFound)),
        ("no longer marked", Some(Job.Subjects.Unmarked)),
        ("given up", Some(Job.Subjects.Cancelled)),
    }.Where(f => f.Value is not null).Select(f => (f.Name, f.Value!));

    private (string Name, string Doing, Func<Account, Task<DeletionJob>> Change)? Next => Job.State switch
    {
        DeletionState.Pending or DeletionState.Running => ("Pause", "Pausing …", account => Requests.PauseAsync(account, Id, Work.Address)),
        DeletionState.Paused => ("Resume", "Resuming …", account => Requests.ResumeAsync(account, Id, Work.Address)),
        DeletionState.Failed => ("Retry", "Retrying …", account => Requests.RetryAsync(account, Id, Work.Address)),
        _ => null,
    };

    private bool CanCancel => Job.State is not (DeletionState.Completed or DeletionState.Cancelled);

    /// <inheritdoc/>
    protected override async Task<Shown> ReadAsync(CancellationToken cancellation)
    {
        var job = await Deletions.ReadAsync(Database, Id, cancellation);
        var reasons = job.Subjects.Failed == 0 ? [] : await Deletions.FailureReasonsAsync(Database, Id, cancellation: cancellation);
        _readAt = Time.GetUtcNow();
        _rate = (Read?.Job.Id == Id ? _rate : DeletionRate.Unknown).With(job, _readAt);
        return new(job, reasons);
    }

    // What failed can be retried by somebody else.
    /// <inheritdoc/>
    protected override TimeSpan? Again(Shown read) => CanCancel ? Beat : null;

    private async Task CancelAsync()
    {
        if (_doing is not null) return;
        var options = new DialogOptions { FullWidth = true, MaxWidth = MaxWidth.Small, BackdropClick = false, CloseOnEscapeKey = true };
        var dialog = await Dialogs.ShowAsync<CancelDialog>($"Cancel deletion {Id}", new DialogParameters<CancelDialog> { { d => d.Job, Job }, { d => d.Noun, Table.Noun } }, options);
        if (await dialog.Result is { Canceled: false }) await DoAsync("Cancelling …", account => Requests.CancelAsync(account, Id, Work.Address));
    }

    // A double click asks once. It can take as long as the batch that is in hand.
    private async Task DoAsync(string doing, Func<Account, Task<DeletionJob>> change)
    {
        if (_doing is not null) return;
        (_doing, _problem) = (doing, null);
        StateHasChanged();
        _problem = await Work.DoAsync(account => change(account));
        _doing = null;
        await LookAsync();
    }

    private static string? Some(long count) => count == 0 ? null : $"{count:N0}";
}
