namespace ZivoHealth; internal static class Program { private static void Main() { } }
