namespace Expunge.Embedded;

/// <summary>How a private server is started. The defaults suit a demo and a test.</summary>
public sealed record EmbeddedPostgresOptions
{
    /// <summary>The binaries to run; null means <see cref="PostgresBinaries.FindAsync"/>.</summary>
    public PostgresBinaries? Binaries { get; init; }

    /// <summary>
    /// Settings for postgresql.conf by name, such as <c>max_connections</c> = <c>20</c>. They win over the defaults here (<c>fsync</c>, <c>synchronous_commit</c>
    /// and <c>full_page_writes</c> off, <c>TimeZone</c> UTC); <c>port</c>, <c>listen_addresses</c>, <c>unix_socket_directories</c> and <c>password_encryption</c>
    /// are not to be had. Empty by default.
    /// </summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>True: the server stays when this process ends, until <see cref="EmbeddedPostgres.StopCommand"/> is run or the machine restarts. False by default.</summary>
    public bool KeepRunning { get; init; }

    /// <summary>Told about what takes longer than a moment, one sentence at a time; may be null.</summary>
    public IProgress<string>? Progress { get; init; }
}
