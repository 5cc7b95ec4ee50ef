using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Hosting;

namespace Expunge.Server.Dashboard;

/// <summary>A page that reads something again and again while it can change, whoever changes it, here or on another instance. What was read stays when it can't be read.</summary>
/// <typeparam name="T">What it reads.</typeparam>
public abstract class WatchingPage<T> : ComponentBase, IDisposable
    where T : class
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private CancellationTokenSource _watching = new();
    private bool _isLeft;

    [Inject]
    private protected Work Work { get; set; } = default!;

    [Inject]
    private IHostApplicationLifetime Lifetime { get; set; } = default!;

    /// <summary>The clock.</summary>
    [Inject]
    protected TimeProvider Time { get; set; } = default!;

    /// <summary>What was read last; null where nothing was read yet.</summary>
    protected T? Read { get; private set; }

    /// <summary>Why it could not be read; null when it was.</summary>
    protected ProblemDetails? Unread { get; private set; }

    /// <summary>Reads it.</summary>
    /// <param name="cancellation">The page was left, or shows something else now.</param>
    protected abstract Task<T> ReadAsync(CancellationToken cancellation);

    /// <summary>After how long it is read again; null where it can't change any more.</summary>
    /// <param name="read">What was read.</param>
    protected abstract TimeSpan? Again(T read);

    /// <inheritdoc/>
    protected override Task OnParametersSetAsync() => LookAsync();

    /// <summary>Reads it now, and from now on.</summary>
    protected async Task LookAsync()
    {
        if (_isLeft) return;
        var watching = Renew();
        await ReadOnceAsync(watching);
        // The page is drawn meanwhile.
        _ = WatchAsync(watching);
    }

    // In one go, so that there is never more than one that watches.
    private CancellationToken Renew()
    {
        _watching.Cancel();
        _watching.Dispose();
        // The pages of a server that stops are still open.
        _watching = CancellationTokenSource.CreateLinkedTokenSource(Lifetime.ApplicationStopping);
        return _watching.Token;
    }

    private async Task WatchAsync(CancellationToken watching)
    {
        while (!watching.IsCancellationRequested && Pause is { } pause)
        {
            await Task.Delay(pause, Time, watching).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            if (!watching.IsCancellationRequested) await ReadOnceAsync(watching);
        }
    }

    // A database that is away comes back.
    private TimeSpan? Pause => Unread is not null ? (Unread.Status == StatusCodes.Status503ServiceUnavailable ? Patience : null) : Read is null ? null : Again(Read);

    private async Task ReadOnceAsync(CancellationToken watching)
    {
        T? read = null;
        var unread = await Work.DoAsync(async _ => read = await ReadAsync(watching));
        if (watching.IsCancellationRequested) return;
        (Read, Unread) = (read ?? Read, unread);
        StateHasChanged();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isLeft = true;
        _watching.Cancel();
        _watching.Dispose();
        GC.SuppressFinalize(this);
    }
}
