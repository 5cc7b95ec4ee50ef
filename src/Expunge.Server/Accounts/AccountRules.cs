using System.Text.RegularExpressions;

namespace Expunge.Server.Accounts;

/// <summary>What a name and a password must be. Length is what matters; no rules of composition (NIST SP 800-63B, 5.1.1.2).</summary>
internal static partial class AccountRules
{
    public const int ShortestPassword = 12;

    // Hashing takes time in proportion.
    public const int LongestPassword = 256;

    public static void CheckName(string? name)
    {
        if (name is null || !NameForm().IsMatch(name)) throw Bad("The name of an account has 1 to 64 letters, digits, '.', '_', '-', '+' or '@', and begins with a letter or digit.");
    }

    public static void CheckPassword(string? password, string? name)
    {
        if (password is null || password.Length is < ShortestPassword or > LongestPassword) throw Bad($"A password has {ShortestPassword} to {LongestPassword} characters.");
        if (name is not null && password.Contains(name, StringComparison.OrdinalIgnoreCase) && password.Length - name.Length < ShortestPassword / 2) throw Bad("The password is little more than the account's name.");
        if (password.Distinct().Count() < 5) throw Bad("The password repeats fewer than five different characters.");
    }

    private static ExpungeException Bad(string what) => new(ErrorCodes.BadAccount, what, "Choose another. Nothing was changed.");

    [GeneratedRegex(@"^[\p{L}\p{Nd}][\p{L}\p{Nd}._+@-]{0,63}\z", RegexOptions.None, 1000)]
    private static partial Regex NameForm();
}
