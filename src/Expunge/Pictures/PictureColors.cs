using Expunge.Policy;

namespace Expunge.Pictures;

/// <summary>The colours of all pictures, as <c>#rrggbb</c>. Those of the actions are told apart by people who see no red or no green (Okabe and Ito), and by their words everywhere.</summary>
public static class PictureColors
{
    /// <summary>What is behind everything: a picture has its own ground, so that it can be read in a light page and in a dark one.</summary>
    public const string Ground = "#ffffff";

    /// <summary>A table that loses rows.</summary>
    public const string Table = "#f1f5f9";

    /// <summary>A table whose rows stay.</summary>
    public const string Staying = "#ffffff";

    /// <summary>The root, with <see cref="Ground"/> for its text.</summary>
    public const string Root = "#1e293b";

    /// <summary>The border of a table.</summary>
    public const string Border = "#64748b";

    /// <summary>Text.</summary>
    public const string Text = "#0f172a";

    /// <summary>Text that matters less.</summary>
    public const string Faint = "#475569";

    /// <summary>What blocks a deletion.</summary>
    public const string Blocks = "#c81e1e";

    /// <summary>What should be looked at.</summary>
    public const string Warning = "#b45309";

    /// <summary>The colour of an action.</summary>
    /// <param name="action">The action.</param>
    public static string Of(PolicyAction action) => action switch
    {
        PolicyAction.Cascade => "#0072b2",
        PolicyAction.SetNull => "#009e73",
        PolicyAction.SetDefault => "#b58900",
        PolicyAction.Retain => "#d55e00",
        PolicyAction.Reassign => "#a64d86",
        PolicyAction.Keep => "#6b7280",
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, "not an action"),
    };
}
