namespace Expunge.Postgres;

/// <summary>What PostgreSQL's text can't hold in any encoding: a NUL character, and half of a surrogate pair. Npgsql and the server fail on them as if something were broken.</summary>
internal static class StoredText
{
    public static bool CanHold(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\0' || (char.IsSurrogate(text[i]) && (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[++i])))) return false;
        }

        return true;
    }
}
