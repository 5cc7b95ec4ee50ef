namespace Expunge.Embedded;

/// <summary>No PostgreSQL could be found or fetched, or a private server did not start. The message says what happened; <see cref="NextStep"/> says what to do.</summary>
public sealed class EmbeddedPostgresException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What happened, to which directory or program. Never holds a password.</param>
    /// <param name="nextStep">What the user can do about it; a command where there is one.</param>
    /// <param name="innerException">The cause; may be null.</param>
    public EmbeddedPostgresException(string message, string nextStep, Exception? innerException = null)
        : base(message, innerException) => NextStep = nextStep;

    /// <summary>What to do next.</summary>
    public string NextStep { get; }
}
