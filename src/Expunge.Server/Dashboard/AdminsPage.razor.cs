using Expunge.Server.Accounts;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Mvc;
using MudBlazor;

namespace Expunge.Server.Dashboard;

/// <summary>The accounts. Which buttons it shows is a kindness: <see cref="AccountActions"/> tells who may do what.</summary>
public sealed partial class AdminsPage
{
    private readonly CancellationTokenSource _left = new();
    private readonly CancellationToken _cancellation;
    private IReadOnlyList<Account> _accounts = [];
    private Account? _account;
    private string? _done;
    private ProblemDetails? _problem;
    private ProblemDetails? _unread;

    [Inject]
    private AccountStore Accounts { get; set; } = default!;

    [Inject]
    private AccountActions Actions { get; set; } = default!;

    [Inject]
    private Work Work { get; set; } = default!;

    [Inject]
    private IDialogService Dialogs { get; set; } = default!;

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    /// <summary>Nothing is read before the page is drawn.</summary>
    public AdminsPage() => _cancellation = _left.Token;

    /// <inheritdoc/>
    protected override Task OnInitializedAsync() => LoadAsync();

    private async Task LoadAsync()
    {
        var unread = await Work.DoAsync(async account => (_account, _accounts) = (account, await Accounts.ListAsync(_cancellation)));
        if (_cancellation.IsCancellationRequested) return;
        _unread = unread;
        StateHasChanged();
    }

    private Task<bool> CreateAsync() => AskAsync(
        "New account", null, asksCurrent: false, "It may list, mark and delete users. Give the password to its owner, who can change it.", "Create account",
        (name, _, password) => Work.DoAsync(account => Actions.CreateAsync(account, Work.Address, name, password, _cancellation)), "The account is created.");

    private Task<bool> ChangeAsync(Account changed) => AskAsync(
        $"Change the password of {changed.Name}", changed.Name, asksCurrent: false, "Their sign-ins end at once.", "Change password",
        (_, _, password) => Work.DoAsync(account => Actions.ChangePasswordAsync(account, Work.Address, changed.Id, password, null, _cancellation)), $"The password of {changed.Name} is changed.");

    private async Task ChangeOwnAsync()
    {
        var changed = await AskAsync(
            "Change my password", _account!.Name, asksCurrent: true, "All of your sign-ins end, and you sign in anew.", "Change password",
            (_, current, password) => Work.DoAsync(account => Actions.ChangePasswordAsync(account, Work.Address, account.Id, password, current, _cancellation)), "Your password is changed.");
        if (changed) Navigation.NavigateTo(DashboardEndpoints.SignInUrl(SignInReasons.Changed, "/admins"), forceLoad: true);
    }

    private async Task DeleteAsync(Account deleted)
    {
        (_done, _problem) = (null, null);
        var dialog = await Dialogs.ShowAsync<DeleteAccountDialog>($"Delete {deleted.Name}", new DialogParameters<DeleteAccountDialog> { { d => d.Name, deleted.Name } }, Options);
        if (await dialog.Result is not { Canceled: false }) return;
        _problem = await Work.DoAsync(account => Actions.DeleteAsync(account, Work.Address, deleted.Id, _cancellation));
        if (_problem is null) _done = $"The account {deleted.Name} is deleted.";
        await LoadAsync();
    }

    private async Task<bool> AskAsync(string title, string? name, bool asksCurrent, string text, string button, Func<string, string, string, Task<ProblemDetails?>> save, string done)
    {
        (_done, _problem) = (null, null);
        var parameters = new DialogParameters<AccountDialog> { { d => d.Name, name }, { d => d.AsksCurrent, asksCurrent }, { d => d.Text, text }, { d => d.Button, button }, { d => d.Save, save } };
        var dialog = await Dialogs.ShowAsync<AccountDialog>(title, parameters, Options);
        if (await dialog.Result is not { Canceled: false }) return false;
        _done = done;
        if (!asksCurrent) await LoadAsync();
        return true;
    }

    private static DialogOptions Options => new() { FullWidth = true, MaxWidth = MaxWidth.Small, BackdropClick = false, CloseOnEscapeKey = true };

    /// <inheritdoc/>
    public void Dispose()
    {
        _left.Cancel();
        _left.Dispose();
    }
}
