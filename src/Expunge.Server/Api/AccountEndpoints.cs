using Expunge.Server.Accounts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Expunge.Server.Api;

/// <summary>Signing in, and the accounts: one super admin who can't be deleted; only it makes and deletes accounts and changes the passwords of others.</summary>
internal static class AccountEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/auth/admin/login", LoginAsync).AllowAnonymous().WithTags("Sign-in").WithName("Login").WithSummary("Gives a token for the header 'Authorization: Bearer …'.")
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status401Unauthorized).ProducesProblem(StatusCodes.Status429TooManyRequests);
        var admins = api.MapGroup("/admin/admins").WithTags("Admins");
        admins.MapGet("/", ListAsync).WithName("ListAdmins").WithSummary("Lists the accounts.");
        admins.MapPost("/", CreateAsync).RequireAuthorization(ExpungeServer.SuperAdmin).WithName("CreateAdmin").WithSummary("Makes an account. For the super admin.")
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status409Conflict);
        admins.MapDelete("/{id:long}", DeleteAsync).RequireAuthorization(ExpungeServer.SuperAdmin).WithName("DeleteAdmin").WithSummary("Deletes an account and ends its sign-ins. For the super admin.")
            .ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        admins.MapPost("/{id:long}/password", ChangePasswordAsync).WithName("ChangePassword")
            .WithSummary("Changes a password and ends the account's sign-ins. One's own needs the current one; others' are for the super admin.")
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<LoginResponse>, ProblemHttpResult>> LoginAsync(
        LoginRequest request, HttpContext context, AccountActions accounts, SignIns signIns, ServerOptions options, CancellationToken cancellation)
    {
        if (await accounts.SignInAsync(context, request.Username, request.Password, cancellation) is not { } account)
        {
            return TypedResults.Problem("The name or the password is wrong.", statusCode: StatusCodes.Status401Unauthorized);
        }

        var token = signIns.BearerToken(account);
        return TypedResults.Ok(new LoginResponse(token, "bearer", (int)options.SessionLifetime.TotalSeconds, AdminResponse.Of(account)));
    }

    private static async Task<Ok<IEnumerable<AdminResponse>>> ListAsync(AccountStore accounts, CancellationToken cancellation) =>
        TypedResults.Ok((await accounts.ListAsync(cancellation)).Select(AdminResponse.Of));

    private static async Task<Created<AdminResponse>> CreateAsync(CreateAdminRequest request, HttpContext context, Account account, AccountActions actions, CancellationToken cancellation)
    {
        var created = await actions.CreateAsync(account, context.Address(), request.Username, request.Password, cancellation);
        return TypedResults.Created($"/api/v1/admin/admins/{created.Id}", AdminResponse.Of(created));
    }

    private static async Task<NoContent> DeleteAsync(long id, HttpContext context, Account account, AccountActions actions, CancellationToken cancellation)
    {
        await actions.DeleteAsync(account, context.Address(), id, cancellation);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> ChangePasswordAsync(long id, ChangePasswordRequest request, HttpContext context, Account account, AccountActions actions, CancellationToken cancellation)
    {
        await actions.ChangePasswordAsync(account, context.Address(), id, request.NewPassword, request.CurrentPassword, cancellation);
        return TypedResults.NoContent();
    }
}

internal sealed record LoginRequest(string Username, string Password);

/// <param name="AccessToken">The token.</param>
/// <param name="TokenType">Always <c>bearer</c>.</param>
/// <param name="ExpiresIn">Seconds until the token ends.</param>
/// <param name="Admin">Whose token it is.</param>
internal sealed record LoginResponse(string AccessToken, string TokenType, int ExpiresIn, AdminResponse Admin);

internal sealed record AdminResponse(long Id, string Username, bool IsSuper, DateTimeOffset CreatedAt)
{
    public static AdminResponse Of(Account account) => new(account.Id, account.Name, account.IsSuper, account.CreatedAt);
}

internal sealed record CreateAdminRequest(string Username, string Password);

/// <param name="NewPassword">12 to 256 characters.</param>
/// <param name="CurrentPassword">Needed for one's own.</param>
internal sealed record ChangePasswordRequest(string NewPassword, string? CurrentPassword = null);
