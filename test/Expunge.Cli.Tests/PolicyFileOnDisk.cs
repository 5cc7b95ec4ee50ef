namespace Expunge.Cli.Tests;

/// <summary>A policy file in a folder of its own, gone with the test: ZivoHealth's, or another text.</summary>
internal sealed class PolicyFileOnDisk : IDisposable
{
    public PolicyFileOnDisk(string? text = null)
    {
        Folder = Directory.CreateTempSubdirectory("expunge_policy_").FullName;
        Path = System.IO.Path.Combine(Folder, "expunge.yaml");
        File.WriteAllText(Path, text ?? ZivoHealth.Deployment.Policy);
    }

    public string Folder { get; }

    public string Path { get; }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
