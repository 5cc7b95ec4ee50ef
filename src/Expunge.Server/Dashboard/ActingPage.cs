using System.Collections.Immutable;
using Expunge.Deletion;
using Expunge.Server.Accounts;
using Expunge.Subjects;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Mvc;
using MudBlazor;

namespace Expunge.Server.Dashboard;

/// <summary>A page on which something is done to users, one thing at a time, with its confirmations.</summary>
public abstract class ActingPage : ComponentBase, IDisposable
{
    private readonly CancellationTokenSource _left = new();
    private CancellationTokenSource _loading = new();

    /// <summary>Nothing is read before the page is drawn.</summary>
    protected ActingPage() => Left = _left.Token;

    /// <summary>Ends what is read for the page alone.</summary>
    protected CancellationToken Left { get; }

    /// <summary>Whether something is being done, its confirmations included.</summary>
    protected bool IsBusy { get; private set; }

    /// <summary>What is being done now; null for nothing.</summary>
    internal string? Running { get; private set; }

    /// <summary>What was done last; null for nothing.</summary>
    internal string? Done { get; set; }

    /// <summary>Those who were not found then.</summary>
    internal ImmutableArray<string> NotFound { get; private set; } = [];

    /// <summary>What went wrong then; null for nothing.</summary>
    internal ProblemDetails? Problem { get; set; }

    [Inject]
    internal UserActions Actions { get; set; } = default!;

    [Inject]
    internal Work Work { get; set; } = default!;

    [Inject]
    internal UserList List { get; set; } = default!;

    [Inject]
    private DeletionRequests Deletions { get; set; } = default!;

    [Inject]
    private protected ServerOptions Options { get; set; } = default!;

    [Inject]
    private IDialogService Dialogs { get; set; } = default!;

    /// <summary>Reads anew what the page shows.</summary>
    protected abstract Task LoadAsync();

    /// <summary>Begins to read what the page shows, which makes void what was begun earlier.</summary>
    /// <returns>Cancelled when the page is left, or begins anew.</returns>
    protected async Task<CancellationToken> BeginLoadAsync()
    {
        // Cancelled for good where the page is left.
        if (Left.IsCancellationRequested) return Left;
        await _loading.CancelAsync();
        _loading.Dispose();
        _loading = CancellationTokenSource.CreateLinkedTokenSource(Left);
        return _loading.Token;
    }

    /// <summary>Marks users, after one confirmation.</summary>
    /// <param name="keys">Their keys.</param>
    protected async Task MarkAsync(ImmutableArray<string> keys)
    {
        if (!await ConfirmedAsync<MarkDialog>("Mark for deletion", new() { { d => d.Count, keys.Length }, { d => d.Noun, Actions.Noun } })) return;
        MarkingResult? result = null;
        if (await RunAsync("Marking …", async account => result = await Actions.MarkAsync(account, Work.Address, keys))) Marked(result!, "Marked {0} for deletion.");
        await LoadAsync();
    }

    /// <summary>Takes the mark back.</summary>
    /// <param name="keys">The users' keys.</param>
    protected async Task UnmarkAsync(ImmutableArray<string> keys)
    {
        MarkingResult? result = null;
        if (await RunAsync("Unmarking …", async account => result = await Actions.UnmarkAsync(account, Work.Address, keys))) Marked(result!, "Unmarked {0}.");
        await LoadAsync();
    }

    private void Marked(MarkingResult result, string done)
    {
        if (result.Found.Length > 0) Done = string.Format(null, done, Counted.Of(result.Found.Length, Actions.Noun));
        NotFound = result.NotFound;
        List.Selected.ExceptWith(result.NotFound);
    }

    /// <summary>Deletes users permanently, after two confirmations.</summary>
    /// <param name="keys">Their keys.</param>
    protected async Task DeleteAsync(ImmutableArray<string> keys)
    {
        DeletionEstimate? estimate = null;
        if (!await RunAsync("Counting what would be deleted …", async _ => estimate = await Actions.EstimateAsync(keys, Left))) return;
        List.Selected.ExceptWith(estimate!.NotFound);
        if (!await ConfirmedAsync<EstimateDialog>("What would be deleted", new() { { d => d.Estimate, estimate }, { d => d.Noun, Actions.Noun } }, wide: true)) return;
        if (!await ConfirmedAsync<NumberDialog>("Delete permanently", new() { { d => d.Count, estimate.Subjects.Length }, { d => d.Noun, Actions.Noun } })) return;

        DeletionJob? job = null;
        ImmutableArray<UndeletedSubject> undeleted = [];
        // What was confirmed, and not what may have been selected since in another way.
        var isDone = await RunAsync($"Deleting {Counted.Of(estimate.Subjects.Length, Actions.Noun)} …", async account =>
        {
            job = await Deletions.SubmitAsync(account, estimate.Subjects, idempotencyKey: null, Work.Address);
            job = await Deletions.WaitAsync(job.Id, Options.Wait, Left);
            if (job.IsOver) undeleted = await Deletions.UndeletedAsync(job, estimate.Subjects, Left);
        });
        // Who could not be deleted can be tried again when the reason is gone.
        if (job?.IsOver == true) List.Selected.ExceptWith(estimate.Subjects.Except(undeleted.Where(u => u.State == "failed").Select(u => u.Key)));
        await LoadAsync();
        if (isDone) await ConfirmedAsync<ResultDialog>("Result", new() { { d => d.Job, job }, { d => d.Errors, [.. undeleted.Select(Deletions.Error)] }, { d => d.NotFound, estimate.NotFound }, { d => d.Noun, Actions.Noun } }, wide: true);
    }

    /// <summary>Does it unless something is being done: a double click does nothing twice.</summary>
    /// <param name="action">What to do.</param>
    protected async Task OneAtATimeAsync(Func<Task> action)
    {
        if (IsBusy) return;
        (IsBusy, Done, NotFound, Problem) = (true, null, [], null);
        try
        {
            await action();
        }
        finally
        {
            IsBusy = false;
        }
    }

    private protected async Task<bool> RunAsync(string what, Func<Account, Task> work)
    {
        Running = what;
        StateHasChanged();
        Problem = await Work.DoAsync(work);
        Running = null;
        StateHasChanged();
        return Problem is null;
    }

    private async Task<bool> ConfirmedAsync<TDialog>(string title, DialogParameters<TDialog> parameters, bool wide = false)
        where TDialog : IComponent
    {
        var options = new DialogOptions { FullWidth = true, MaxWidth = wide ? MaxWidth.Medium : MaxWidth.Small, BackdropClick = false, CloseOnEscapeKey = true };
        var dialog = await Dialogs.ShowAsync<TDialog>(title, parameters, options);
        return await dialog.Result is { Canceled: false };
    }

    /// <summary>Draws the page again.</summary>
    internal void Redraw() => StateHasChanged();

    /// <inheritdoc/>
    public void Dispose()
    {
        _left.Cancel();
        _left.Dispose();
        _loading.Dispose();
        GC.SuppressFinalize(this);
    }
}
