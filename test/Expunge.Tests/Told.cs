using Expunge.Deletion;

namespace Expunge.Tests;

/// <summary>A deletion's progress, told at once and on the deletion's own thread, as <see cref="Progress{T}"/> does not.</summary>
internal sealed class Told(Action<DeletionProgress> what) : IProgress<DeletionProgress>
{
    public void Report(DeletionProgress value) => what(value);
}
