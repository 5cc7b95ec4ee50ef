namespace Expunge.Deletion;

/// <summary>What is to be said of a <see cref="DeletionState"/>.</summary>
public static class DeletionStates
{
    /// <summary>The state's word, as it is recorded and shown: <c>completed</c>.</summary>
    /// <param name="state">The state.</param>
    public static string Word(this DeletionState state) => state.ToString().ToLowerInvariant();

    /// <summary>Whether nothing is left to be done.</summary>
    /// <param name="state">The state.</param>
    public static bool IsOver(this DeletionState state) => state is DeletionState.Completed or DeletionState.Failed or DeletionState.Cancelled;
}
