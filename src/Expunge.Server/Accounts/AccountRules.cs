using System.Text.RegularExpressions;

namespace Expunge.Server.Accounts;

/// <summary>What a name and a password must be. Length is what matters; no rules of composition (NIST SP 800-63B, 5.1.1.2).</summary>
public static partial class AccountRules
{
    private const int ShortestPassword = 12;

    // Hashing takes time in proportion.
    internal const int LongestPassword = 256;

    /// <summary>Refuses what can't be a name.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.BadAccount"/>.</exception>
    public static void CheckName(string? name)
    {
        if ("worker".Equals(name, StringComparison.OrdinalIgnoreCase)) throw Bad("The audit calls the workers 'worker'.");
        if (name is null || !NameForm().IsMatch(name)) throw Bad("The name of an account has 1 to 64 letters (a to z), digits, '.', '_', '-', '+' or '@', and begins with a letter or digit.");
    }

    /// <summary>Refuses what can't be a password.</summary>
    /// <param name="password">The password.</param>
    /// <param name="name">The account's name, which the password must be more than.</param>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.BadAccount"/>.</exception>
    public static void CheckPassword(string? password, string? name)
    {
        if (password is null || password.Length is < ShortestPassword or > LongestPassword) throw Bad($"A password has {ShortestPassword} to {LongestPassword} characters.");
        if (name is not null && password.Contains(name, StringComparison.OrdinalIgnoreCase) && password.Length - name.Length < ShortestPassword / 2) throw Bad("The password is little more than the account's name.");
        if (password.Distinct().Count() < 5) throw Bad("The password repeats fewer than five different characters.");
    }

    private static ExpungeException Bad(string what) => new(ErrorCodes.BadAccount, what, "Choose another. Nothing was changed.");

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._+@-]{0,63}\z", RegexOptions.None, 1000)]
    private static partial Regex NameForm();
}
