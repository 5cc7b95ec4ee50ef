using Expunge.Pictures;

namespace Expunge.Server.Dashboard;

/// <summary>How marks look: a sign in the graph, words everywhere else.</summary>
internal static class SchemaMarks
{
    public static string Sign(string mark) => mark switch
    {
        SchemaReference.Differs => "≠",
        PictureText.Blocks => "✕",
        PictureText.Undecided => "?",
        PictureText.NoIndex => "!",
        _ => "",
    };

    public static string Words(string mark) => Sign(mark) is { Length: > 0 } sign ? $"{sign} {mark}" : mark;

    public static string Meaning(string mark) => mark == SchemaReference.Differs ? "the constraint is not as the policy says" : PictureText.Meanings.First(m => m.Mark == mark).Meaning;

    public static string Class(string mark) => mark is SchemaReference.Differs or PictureText.Blocks or PictureText.Undecided or PictureText.NoIndex ? "mark bad" : "mark";
}
