using System.Collections.Immutable;

namespace Expunge.Policy;

/// <summary>
/// A policy file says something that can't be: everything that is wrong in it, found by the reader or, against the catalog, by a later step.
/// </summary>
public sealed class PolicyException : ExpungeException
{
    /// <summary>Creates the exception. Its message has one line per error, <c>path:line:column: message</c>, in the order of the file.</summary>
    /// <param name="path">The file's path as the user gave it; null when the text came from elsewhere.</param>
    /// <param name="errors">What is wrong; at least one.</param>
    public PolicyException(string? path, IEnumerable<PolicyError> errors)
        : this(path ?? "policy", [.. errors.OrderBy(error => error.Location)])
    {
    }

    private PolicyException(string source, ImmutableArray<PolicyError> errors)
        : base(
            ErrorCodes.PolicyInvalid,
            string.Join('\n', errors.Select(error => $"{source}:{error.Location}: {error.Message}")),
            $"Correct {(errors.Length == 1 ? "this place" : "these places")} in the policy and run the command again.")
    {
        Errors = errors;
    }

    /// <summary>The errors in the order of the file.</summary>
    public ImmutableArray<PolicyError> Errors { get; }
}
