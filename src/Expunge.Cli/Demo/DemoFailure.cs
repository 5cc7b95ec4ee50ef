namespace Expunge.Cli.Demo;

/// <summary>The demo did not show what it says: a bug, never to be passed over.</summary>
internal sealed class DemoFailure(string message) : Exception(message);
