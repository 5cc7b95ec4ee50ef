namespace Expunge.Catalog;

/// <summary>A trigger by which PostgreSQL upholds a foreign key. On a partitioned table each partition has its own.</summary>
/// <param name="Table">The <c>pg_class.oid</c> of the table that it is on.</param>
/// <param name="Name">Its name. A row's triggers fire in the byte order of their names.</param>
/// <param name="Event">What sets it off.</param>
/// <param name="IsEnabled">Whether it fires.</param>
public sealed record ForeignKeyTrigger(uint Table, string Name, ForeignKeyEvent Event, bool IsEnabled);
