using Expunge.Auditing;
using Expunge.Postgres;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Expunge.Server.Accounts;

/// <summary>The accounts, in <c>expunge.admin</c> of the target database (<see cref="ExpungeSchema.EnsureServerAsync"/> makes it). Passwords are kept as hashes only.</summary>
public sealed class AccountStore
{
    private const string Columns = "id, name, is_super, stamp, created_at";
    private const string IsNamed = "lower(name COLLATE \"C\") = lower($1 COLLATE \"C\")";

    // OWASP Password Storage Cheat Sheet: PBKDF2 with HMAC-SHA512.
    private static readonly PasswordHasher<string> Hasher = new(Options.Create(new PasswordHasherOptions { IterationCount = 210_000 }));

    // What an unknown name is compared with, so that it takes as long as a known one.
    private static readonly string NobodysHash = Hasher.HashPassword("", Guid.NewGuid().ToString());

    private readonly Database _database;

    /// <summary>Nothing is read before the first call.</summary>
    /// <param name="database">The target database.</param>
    public AccountStore(Database database) => _database = database;

    /// <summary>All accounts, by number.</summary>
    /// <param name="cancellation">Cancels it.</param>
    public async Task<IReadOnlyList<Account>> ListAsync(CancellationToken cancellation = default)
    {
        await using var connection = await _database.OpenAsync(cancellation);
        return await connection.ListAsync($"SELECT {Columns} FROM expunge.admin ORDER BY id", Read, cancellation);
    }

    /// <summary>The account of that number, or null.</summary>
    /// <param name="id">The number.</param>
    /// <param name="cancellation">Cancels it.</param>
    public async Task<Account?> FindAsync(long id, CancellationToken cancellation = default)
    {
        await using var connection = await _database.OpenAsync(cancellation);
        return (await connection.ListAsync($"SELECT {Columns} FROM expunge.admin WHERE id = $1", Read, cancellation, id)).SingleOrDefault();
    }

    /// <summary>The account of that name, or null.</summary>
    /// <param name="name">The name, in any case.</param>
    /// <param name="cancellation">Cancels it.</param>
    public async Task<Account?> FindAsync(string name, CancellationToken cancellation = default)
    {
        await using var connection = await _database.OpenAsync(cancellation);
        return (await connection.ListAsync($"SELECT {Columns} FROM expunge.admin WHERE {IsNamed}", Read, cancellation, name)).SingleOrDefault();
    }

    /// <summary>The account with that name and password, or null. Takes the same time whether the name exists or not.</summary>
    /// <param name="name">The name, in any case.</param>
    /// <param name="password">The password.</param>
    /// <param name="cancellation">Cancels it.</param>
    public async Task<Account?> SignInAsync(string name, string password, CancellationToken cancellation = default)
    {
        // No account has such a name or password, and neither may cost more than others.
        if (name.Length > 256 || name.Contains('\0', StringComparison.Ordinal)) name = "";
        if (password.Length > AccountRules.LongestPassword) password = "";
        (Account Account, string Hash)? found;
        await using (var connection = await _database.OpenAsync(cancellation))
        {
            found = (await connection.ListAsync<(Account, string)?>(
                $"SELECT {Columns}, password_hash FROM expunge.admin WHERE {IsNamed}", r => (Read(r), r.GetString(5)), cancellation, name)).SingleOrDefault();
        }

        var matches = Hasher.VerifyHashedPassword("", found?.Hash ?? NobodysHash, password) != PasswordVerificationResult.Failed;
        return matches ? found?.Account : null;
    }

    /// <summary>Makes an account.</summary>
    /// <param name="name">1 to 64 letters, digits and <c>. _ - + @</c>; no other account may have it in any case.</param>
    /// <param name="password">12 to 256 characters.</param>
    /// <param name="isSuper">Whether it is to be the super admin, of whom there is one.</param>
    /// <param name="audit">Who asks, by way of the server, for the audit; null for the database's role.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.BadAccount"/> or <see cref="ErrorCodes.AccountExists"/>: nothing was changed.</exception>
    public async Task<Account> CreateAsync(string? name, string? password, bool isSuper, AuditEvent? audit = null, CancellationToken cancellation = default)
    {
        AccountRules.CheckName(name);
        AccountRules.CheckPassword(password, name);
        var hash = Hasher.HashPassword("", password!);
        await using var connection = await _database.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        try
        {
            var account = (await connection.ListAsync($"INSERT INTO expunge.admin (name, password_hash, is_super) VALUES ($1, $2, $3) RETURNING {Columns}", Read, cancellation, name, hash, isSuper)).Single();
            await CommitAsync(connection, transaction, audit, "account created", account.Id, cancellation);
            return account;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            throw e.ConstraintName == "admin_one_super"
                ? new ExpungeException(ErrorCodes.AccountExists, "There is a super admin already, and only one.", "Create an ordinary admin, or set the super admin's password anew:  expunge admin password NAME", e)
                : new ExpungeException(ErrorCodes.AccountExists, $"There is an account '{name}' already.", "Choose another name.", e);
        }
    }

    /// <summary>Gives an account another password, which ends all of its sign-ins.</summary>
    /// <param name="account">The account as it was read; where its password was changed since, nothing is changed: who was allowed to by the former one is no longer.</param>
    /// <param name="password">12 to 256 characters.</param>
    /// <param name="audit">Who asks, by way of the server, for the audit; null for the database's role.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.BadAccount"/> or <see cref="ErrorCodes.AccountChanged"/>: nothing was changed.</exception>
    public async Task ChangePasswordAsync(Account account, string? password, AuditEvent? audit = null, CancellationToken cancellation = default)
    {
        AccountRules.CheckPassword(password, account.Name);
        var hash = Hasher.HashPassword("", password!);
        await using var connection = await _database.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        if (await connection.ExecuteAsync("UPDATE expunge.admin SET password_hash = $2, stamp = gen_random_uuid() WHERE id = $1 AND stamp = $3", cancellation, account.Id, hash, account.Stamp) > 0)
        {
            await CommitAsync(connection, transaction, audit, "password changed", account.Id, cancellation);
            return;
        }

        throw new ExpungeException(ErrorCodes.AccountChanged, $"The password of {account.Name} was changed, or the account deleted, in the same moment.", "Look who did, and try again. Nothing was changed.");
    }

    /// <summary>Deletes an account, which ends its sign-ins.</summary>
    /// <param name="id">The account's number.</param>
    /// <param name="audit">Who asks, by way of the server, for the audit; null for the database's role.</param>
    /// <param name="cancellation">Cancels it.</param>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.AccountNotFound"/> or <see cref="ErrorCodes.SuperAdminStays"/>: nothing was changed.</exception>
    public async Task DeleteAsync(long id, AuditEvent? audit = null, CancellationToken cancellation = default)
    {
        await using var connection = await _database.OpenAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        if (await connection.ExecuteAsync("DELETE FROM expunge.admin WHERE id = $1 AND NOT is_super", cancellation, id) > 0)
        {
            await CommitAsync(connection, transaction, audit, "account deleted", id, cancellation);
            return;
        }

        // On the same connection: waiting for a second one while holding the first can use up the pool.
        if (!await connection.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM expunge.admin WHERE id = $1)", cancellation, id)) throw NotFound(id);
        throw new ExpungeException(ErrorCodes.SuperAdminStays, "The super admin can't be deleted: nobody could manage accounts any more.", "Nothing was changed.");
    }

    private static async Task CommitAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, AuditEvent? audit, string done, long id, CancellationToken cancellation)
    {
        await AuditLog.AppendAsync(connection, (audit ?? new AuditEvent(null, done)) with { Object = $"account {id}" }, cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>That there is no such account.</summary>
    internal static ExpungeException NotFound(long id) => new(ErrorCodes.AccountNotFound, $"There is no account {id}.", "GET /api/v1/admin/admins lists them.");

    private static Account Read(NpgsqlDataReader r) => new(r.GetInt64(0), r.GetString(1), r.GetBoolean(2), r.GetGuid(3), r.GetFieldValue<DateTimeOffset>(4));
}
