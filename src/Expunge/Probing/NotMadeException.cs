namespace Expunge.Probing;

/// <summary>A row could not be made; its message is the reason.</summary>
internal sealed class NotMadeException : Exception
{
    public NotMadeException(string message)
        : base(message)
    {
    }

    public NotMadeException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public NotMadeException()
    {
    }
}
