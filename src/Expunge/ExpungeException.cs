namespace Expunge;

/// <summary>
/// The one base of everything that Expunge refuses or cannot do. The message says what happened and to which object; <see cref="NextStep"/> says what to do.
/// </summary>
/// <remarks>Codes are stable and listed in docs/errors.md: <c>EXP1nnn</c> is wrong usage, policy or connection (exit code 2), <c>EXP2nnn</c> is refused or left undone by what the database holds (exit code 1).</remarks>
public class ExpungeException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="code">A constant of <see cref="ErrorCodes"/>.</param>
    /// <param name="message">What happened, to which object. Never holds a secret or a row's values.</param>
    /// <param name="nextStep">What the user can do about it; a command where there is one.</param>
    /// <param name="innerException">The cause, shown only with <c>--verbose</c>; may be null.</param>
    public ExpungeException(string code, string message, string nextStep, Exception? innerException = null)
        : base(message, innerException)
    {
        Code = code;
        NextStep = nextStep;
    }

    /// <summary>The stable code, such as <c>EXP1001</c>.</summary>
    public string Code { get; }

    /// <summary>What to do next.</summary>
    public string NextStep { get; }
}
