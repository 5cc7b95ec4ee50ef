using System.Collections.Immutable;

namespace Expunge.Policy;

/// <summary>The words of the policy file for each <see cref="PolicyAction"/>.</summary>
public static class PolicyActionWords
{
    /// <summary>Every word, in the order of <see cref="PolicyAction"/>.</summary>
    public static ImmutableArray<string> All { get; } = ["cascade", "set null", "set default", "retain", "reassign", "keep"];

    /// <summary>The action's word in the policy file, such as <c>set null</c>.</summary>
    /// <param name="action">The action.</param>
    public static string Word(this PolicyAction action) => All[(int)action];

    /// <summary>The action that a word means, or null when it means none. Case and spelling are exact.</summary>
    /// <param name="word">Such as <c>set null</c>.</param>
    public static PolicyAction? Parse(string word)
    {
        var index = All.IndexOf(word);
        return index < 0 ? null : (PolicyAction)index;
    }
}
