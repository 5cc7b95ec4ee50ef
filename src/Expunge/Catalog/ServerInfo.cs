namespace Expunge.Catalog;

/// <summary>What the server says of itself and of this session.</summary>
/// <param name="VersionNumber">As <c>server_version_num</c>: 150018 is 15.18.</param>
/// <param name="Version">As <c>server_version</c>, for people.</param>
/// <param name="Database">The database's name.</param>
/// <param name="Role">The role that this session acts as.</param>
/// <param name="IsStandby">Whether the server is in recovery and so read-only.</param>
/// <param name="HasCitus">Whether the extension Citus is installed in the database.</param>
/// <param name="TracksCounts">Whether <c>track_counts</c> is on, which exact counts without counting need.</param>
/// <param name="Receivers">How many standbys and other receivers of its write-ahead log are connected.</param>
public sealed record ServerInfo(int VersionNumber, string Version, string Database, string Role, bool IsStandby, bool HasCitus, bool TracksCounts, int Receivers = 0)
{
    /// <summary>The major version: 15 for 15.18.</summary>
    public int Major => VersionNumber / 10000;
}
