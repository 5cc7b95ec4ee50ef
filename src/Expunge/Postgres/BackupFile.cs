namespace Expunge.Postgres;

/// <summary>A backup that was taken and found readable.</summary>
/// <param name="Path">The file's full path; in pg_dump's custom format, readable only by its owner.</param>
/// <param name="Bytes">The file's size.</param>
/// <param name="Sha256">SHA-256 of the file in lower-case hex.</param>
/// <param name="PgDumpVersion">The version of the pg_dump that wrote it, such as <c>15.18</c>.</param>
/// <param name="TakenAt">When pg_dump was started, in UTC: nothing that was committed later is in the file for certain.</param>
public sealed record BackupFile(string Path, long Bytes, string Sha256, string PgDumpVersion, DateTimeOffset TakenAt);
