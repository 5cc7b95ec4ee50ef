using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Mvc;

namespace Expunge.Server.Dashboard;

/// <summary>A page that reads something when it opens, and again when it is asked to. What was read stays while it is read again, and when that fails.</summary>
/// <typeparam name="T">What it reads.</typeparam>
public abstract class ReadingPage<T> : ComponentBase, IDisposable
    where T : class
{
    private readonly CancellationTokenSource _left = new();

    [Inject]
    private Work Work { get; set; } = default!;

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    /// <summary>What was read last; null where nothing was read yet.</summary>
    protected T? Read { get; private set; }

    /// <summary>When that was, UTC.</summary>
    protected DateTimeOffset ReadAt { get; private set; }

    /// <summary>Why it could not be read; null when it was.</summary>
    protected ProblemDetails? Problem { get; private set; }

    /// <summary>Whether it is being read.</summary>
    protected bool IsReading { get; private set; }

    /// <summary>Reads it.</summary>
    /// <param name="cancellation">The page was left.</param>
    protected abstract Task<T> ReadAsync(CancellationToken cancellation);

    /// <inheritdoc/>
    protected override Task OnInitializedAsync() => LoadAsync();

    /// <summary>Reads it, unless that goes on already.</summary>
    protected async Task LoadAsync()
    {
        if (IsReading) return;
        IsReading = true;
        var problem = await Work.DoAsync(async _ => (Read, ReadAt) = (await ReadAsync(_left.Token), Time.GetUtcNow()));
        if (_left.IsCancellationRequested) return;
        (Problem, IsReading) = (problem, false);
        StateHasChanged();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _left.Cancel();
        _left.Dispose();
        GC.SuppressFinalize(this);
    }
}
