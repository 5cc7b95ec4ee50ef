using System.Collections.Immutable;
using Expunge.Deletion;
using Expunge.Server.Accounts;
using Expunge.Subjects;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Mvc;
using MudBlazor;

namespace Expunge.Server.Dashboard;

/// <content>What is done to the users that are selected.</content>
public sealed partial class Users
{
    private bool _isBusy;
    private string? _running;
    private string? _done;
    private ImmutableArray<string> _notFound = [];
    private ProblemDetails? _problem;

    [Inject]
    private UserActions Actions { get; set; } = default!;

    [Inject]
    private DeletionRequests Deletions { get; set; } = default!;

    [Inject]
    private ServerOptions Options { get; set; } = default!;

    [Inject]
    private IDialogService Dialogs { get; set; } = default!;

    private bool CanNotAct => _isBusy || _selected.Count == 0;

    private async Task MarkAsync()
    {
        ImmutableArray<string> keys = [.. _selected];
        if (!await ConfirmedAsync<MarkDialog>("Mark for deletion", new() { { d => d.Count, keys.Length }, { d => d.Noun, Actions.Noun } })) return;
        MarkingResult? result = null;
        if (await RunAsync("Marking …", async account => result = await Actions.MarkAsync(account, Work.Address, keys))) Marked(result!, "Marked {0} for deletion.");
        await LoadAsync();
    }

    private async Task UnmarkAsync()
    {
        MarkingResult? result = null;
        if (await RunAsync("Unmarking …", async account => result = await Actions.UnmarkAsync(account, Work.Address, [.. _selected]))) Marked(result!, "Unmarked {0}.");
        await LoadAsync();
    }

    private void Marked(MarkingResult result, string done)
    {
        if (result.Found.Length > 0) _done = string.Format(null, done, Counted.Of(result.Found.Length, Actions.Noun));
        _notFound = result.NotFound;
        _selected.ExceptWith(result.NotFound);
    }

    private async Task DeleteAsync()
    {
        DeletionEstimate? estimate = null;
        if (!await RunAsync("Counting what would be deleted …", async _ => estimate = await Actions.EstimateAsync([.. _selected], _left.Token))) return;
        _selected.ExceptWith(estimate!.NotFound);
        if (!await ConfirmedAsync<EstimateDialog>("What would be deleted", new() { { d => d.Estimate, estimate }, { d => d.Noun, Actions.Noun } }, wide: true)) return;
        if (!await ConfirmedAsync<NumberDialog>("Delete permanently", new() { { d => d.Count, estimate.Subjects.Length }, { d => d.Noun, Actions.Noun } })) return;

        DeletionJob? job = null;
        ImmutableArray<UndeletedSubject> undeleted = [];
        // What was confirmed, and not what may have been selected since in another way.
        var isDone = await RunAsync($"Deleting {Counted.Of(estimate.Subjects.Length, Actions.Noun)} …", async account =>
        {
            job = await Deletions.SubmitAsync(account, estimate.Subjects, idempotencyKey: null, Work.Address);
            job = await Deletions.WaitAsync(job.Id, Options.Wait, _left.Token);
            if (job.IsOver) undeleted = await Deletions.UndeletedAsync(job, estimate.Subjects, _left.Token);
        });
        // Who could not be deleted can be tried again when the reason is gone.
        if (job?.IsOver == true) _selected.ExceptWith(estimate.Subjects.Except(undeleted.Where(u => u.State == "failed").Select(u => u.Key)));
        await LoadAsync();
        if (isDone) await ConfirmedAsync<ResultDialog>("Result", new() { { d => d.Job, job }, { d => d.Errors, [.. undeleted.Select(Deletions.Error)] }, { d => d.NotFound, estimate.NotFound }, { d => d.Noun, Actions.Noun } }, wide: true);
    }

    /// <summary>Does it unless something is being done: a double click does nothing twice.</summary>
    private async Task OneAtATimeAsync(Func<Task> action)
    {
        if (_isBusy) return;
        (_isBusy, _done, _notFound, _problem) = (true, null, [], null);
        try
        {
            await action();
        }
        finally
        {
            _isBusy = false;
        }
    }

    private async Task<bool> RunAsync(string what, Func<Account, Task> work)
    {
        _running = what;
        StateHasChanged();
        _problem = await Work.DoAsync(work);
        _running = null;
        StateHasChanged();
        return _problem is null;
    }

    private async Task<bool> ConfirmedAsync<TDialog>(string title, DialogParameters<TDialog> parameters, bool wide = false)
        where TDialog : IComponent
    {
        var options = new DialogOptions { FullWidth = true, MaxWidth = wide ? MaxWidth.Medium : MaxWidth.Small, BackdropClick = false, CloseOnEscapeKey = true };
        var dialog = await Dialogs.ShowAsync<TDialog>(title, parameters, options);
        return await dialog.Result is { Canceled: false };
    }
}
