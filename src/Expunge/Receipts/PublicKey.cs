using System.Security.Cryptography;

namespace Expunge.Receipts;

/// <summary>The public half of a signing key, ECDSA on P-256: whoever has it can verify receipts and make none.</summary>
public sealed class PublicKey
{
    private const string P256 = "1.2.840.10045.3.1.7";

    private readonly byte[] _info;

    private PublicKey(byte[] info)
    {
        _info = info;
        Id = Convert.ToHexStringLower(SHA256.HashData(info));
    }

    /// <summary>SHA-256 of the SubjectPublicKeyInfo, 64 lower-case hexadecimal digits.</summary>
    public string Id { get; }

    /// <summary>The first digits of <see cref="Id"/>, for people.</summary>
    public string ShortId => Id[..12];

    /// <summary>The key as SubjectPublicKeyInfo (RFC 5280), DER.</summary>
    public ReadOnlyMemory<byte> Info => _info;

    /// <summary>The key as PEM (<c>BEGIN PUBLIC KEY</c>), ends with a line break.</summary>
    public string Pem => $"{PemEncoding.WriteString("PUBLIC KEY", _info)}\n";

    /// <summary>Reads a key from its SubjectPublicKeyInfo.</summary>
    /// <param name="info">The DER bytes, nothing after them.</param>
    /// <returns>Null where that is no public key on P-256.</returns>
    public static PublicKey? TryRead(ReadOnlySpan<byte> info)
    {
        try
        {
            using var ecdsa = ECDsa.Create();
            ecdsa.ImportSubjectPublicKeyInfo(info, out var read);
            return read == info.Length ? Of(ecdsa) : null;
        }
        // A curve that is none, or that this platform does not know.
        catch (Exception e) when (e is CryptographicException or PlatformNotSupportedException)
        {
            return null;
        }
    }

    /// <summary>Reads a key from a PEM file, such as <c>expunge keys create</c> writes beside the signing key.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.SigningKeyInvalid"/>: it can't be read or is no public key on P-256.</exception>
    public static PublicKey Load(string path)
    {
        try
        {
            using var ecdsa = ECDsa.Create();
            ecdsa.ImportFromPem(File.ReadAllText(path));
            if (Of(ecdsa) is { } key) return key;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ExpungeException(ErrorCodes.SigningKeyInvalid, $"The public key {path} can't be read: {e.Message}", "Check the path and its permissions.", e);
        }
        catch (Exception e) when (e is CryptographicException or PlatformNotSupportedException or ArgumentException)
        {
            // Said below, of both.
        }

        throw new ExpungeException(ErrorCodes.SigningKeyInvalid, $"{path} is no public key: it must be ECDSA on P-256, as PEM.", "Give the file .pub.pem that  expunge keys create  wrote beside the signing key.");
    }

    /// <summary>The public half of a key; null where it is not on P-256.</summary>
    internal static PublicKey? Of(ECDsa ecdsa) => IsP256(ecdsa.ExportParameters(includePrivateParameters: false)) ? new PublicKey(ecdsa.ExportSubjectPublicKeyInfo()) : null;

    /// <summary>Whether a signature (IEEE P1363, 64 bytes) is of this key over these bytes (SHA-256).</summary>
    /// <param name="data">What was signed.</param>
    /// <param name="signature">The signature.</param>
    public bool Verifies(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        using var ecdsa = ECDsa.Create();
        ecdsa.ImportSubjectPublicKeyInfo(_info, out _);
        return ecdsa.VerifyData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    private static bool IsP256(ECParameters parameters) => parameters.Curve.IsNamed && parameters.Curve.Oid is var oid && (oid.Value == P256 || oid.FriendlyName is "nistP256" or "ECDSA_P256");
}
