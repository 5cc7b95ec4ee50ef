using System.CommandLine;
using Expunge.Receipts;

namespace Expunge.Cli.Commands;

internal static class ReceiptCommand
{
    private static readonly Argument<long> Number = new("number") { Description = "The deletion's number" };
    private static readonly Argument<string> FileName = new("file") { Description = "The receipt; - for standard input" };
    private static readonly Option<string?> PublicKeyFile = new("--public-key") { Description = "The key that must have signed it, as PEM", HelpName = "FILE" };
    private static readonly Option<string?> Subject = new("--subject") { Description = "Also tell whether this user is in it; needs the signing key", HelpName = "ID" };

    public static Command Create()
    {
        var show = new Command("show", "Print the receipt of a deletion that is over, exactly as it was sealed") { Number, SigningKeyOption.Instance };
        show.SetAction(Session.Action(ShowAsync));
        var verify = new Command("verify", "Tell whether a receipt is genuine; needs no database") { FileName, PublicKeyFile, Subject, SigningKeyOption.Instance };
        verify.SetAction(Session.Action(VerifyAsync));
        return new Command("receipt", "The receipts of deletions: show, verify") { show, verify };
    }

    private static async Task<int> ShowAsync(Session session, CancellationToken cancellation)
    {
        var receipt = await ReceiptStore.GetAsync(session.Database, session.Parsed.GetValue(Number), SigningKeyOption.Find(session), cancellation);
        // Not through the console's text: what is redirected is the document to the byte.
        await using var output = Console.OpenStandardOutput();
        await output.WriteAsync(receipt.Bytes, cancellation);
        if (!Console.IsOutputRedirected) await output.WriteAsync("\n"u8.ToArray(), cancellation);
        return ExitCodes.Ok;
    }

    private static async Task<int> VerifyAsync(Session session, CancellationToken cancellation)
    {
        var receipt = Receipt.Read(await ReadAsync(session.Parsed.GetValue(FileName)!, cancellation));
        var id = session.Parsed.GetValue(Subject);
        var given = session.Parsed.GetValue(PublicKeyFile) is { } file ? PublicKey.Load(file) : null;
        // Somebody else's receipt can be verified where a key of one's own is unusable.
        var own = given is null || id is not null ? SigningKeyOption.Find(session) : null;
        if (id is not null && own is null) throw new ExpungeException(ErrorCodes.SigningKeyInvalid, "--subject needs the signing key, and there is none: without it nobody can tell whose a hash is.", "Name it with --signing-key.");
        var (verdict, key) = ReceiptVerifier.Verify(receipt, given ?? own?.PublicKey);
        var comparedWith = given is not null ? "given" : own is not null ? "own" : "receipt";
        var subject = verdict == ReceiptVerdict.Valid && own is not null && id is not null && own.PublicKey.Id == key!.Id ? receipt.FindSubject(own, id) : null;
        if (session.Json)
        {
            Session.PrintJson(new
            {
                valid = verdict == ReceiptVerdict.Valid,
                verdict,
                keyId = key?.Id,
                comparedWith,
                receipt.Deletion,
                receipt.Database,
                receipt.Root,
                receipt.State,
                receipt.Deleted,
                receipt.TotalDeleted,
                subject = subject is null ? null : new { subject.Hash, listed = subject.IsListed, subject.Outcome },
            });
        }
        else
        {
            Output.Line(Verdict(verdict, receipt, key, comparedWith));
            if (id is not null && verdict == ReceiptVerdict.Valid) Output.Line(Subjects(subject, receipt));
        }

        return verdict == ReceiptVerdict.Valid && (id is null || subject?.Outcome is not null) ? ExitCodes.Ok : ExitCodes.NotOk;
    }

    private static string Verdict(ReceiptVerdict verdict, Receipt receipt, PublicKey? key, string comparedWith) => verdict switch
    {
        ReceiptVerdict.Valid => $"✅ Unchanged since it was signed by key {key!.Id}"
            + comparedWith switch { "given" => ", the one given.", "own" => ", your own.", _ => ".\n⚠️  That key is the receipt's own: compare its id with one that you have from elsewhere, or give --public-key." } + $"\n   {Summary(receipt)}",
        ReceiptVerdict.NotCanonical => "❌ Not as it was sealed: the bytes are not in canonical form. It was changed or formatted anew; take it from  expunge receipt show",
        ReceiptVerdict.Unsigned => "❌ Unsigned: there was no key when it was sealed, so anybody could have written it.",
        ReceiptVerdict.WrongSignature => "❌ The signature is not of this document: it was changed after it was signed.",
        _ => $"❌ Signed by key {key!.Id}, not by {(comparedWith == "given" ? "the one given" : "your own. Give the key that is to be expected with --public-key")}.",
    };

    private static string Summary(Receipt receipt) =>
        Plain($"Deletion {receipt.Deletion} in database {receipt.Database}, {receipt.State}: {receipt.Deleted} row(s) of {receipt.Root} deleted with everything that is theirs, {receipt.TotalDeleted} rows.");

    private static string Subjects(ReceiptSubject? subject, Receipt receipt) => subject switch
    {
        null => "❌ Whether this user is in it can't be told: the hashes are by the key that signed it, and that is not your own.",
        { Outcome: { } outcome } => Plain($"✅ This user is in it: {outcome} (hash {subject.Hash})."),
        { IsListed: false } => $"⚠️  It does not list the hashes, only their digest. Look for hash {subject.Hash} among those of deletion {receipt.Deletion}: docs/receipts.md has the query.",
        _ => $"❌ This user is not in it (hash {subject.Hash}). Write the key as PostgreSQL does: 7 and not 007, a uuid in lower case.",
    };

    // Whoever wrote the file could write to the terminal with it.
    private static string Plain(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));

    private static async Task<byte[]> ReadAsync(string file, CancellationToken cancellation)
    {
        if (file != "-") return await File.ReadAllBytesAsync(file, cancellation);
        await using var input = Console.OpenStandardInput();
        using var bytes = new MemoryStream();
        await input.CopyToAsync(bytes, cancellation);
        return bytes.ToArray();
    }
}
