using System.Text.Json;

namespace Expunge.Subjects;

/// <summary>A subject as a list shows it.</summary>
/// <param name="Key">Its key, as text in PostgreSQL's spelling.</param>
/// <param name="Values">
/// The object that PostgreSQL makes of it: <c>id</c> (the key, a number or a string as its type is), then the shown columns under their own names, then <c>is_active</c>,
/// <c>is_tobe_deleted</c> and <c>delete_date</c>, each where the policy has it.
/// </param>
public sealed record Subject(string Key, JsonElement Values);
