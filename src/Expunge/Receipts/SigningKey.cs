using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Expunge.Postgres;

namespace Expunge.Receipts;

/// <summary>The key that signs receipts, ECDSA on P-256, and the key of the subjects' hashes that is derived from it. Never printed, logged or sent to the database.</summary>
public sealed class SigningKey
{
    private const string SubjectHashInfo = "expunge subject hash v1";

    private readonly ECParameters _parameters;
    private readonly byte[] _hashKey;

    private SigningKey(ECParameters parameters, PublicKey publicKey)
    {
        _parameters = parameters;
        PublicKey = publicKey;
        _hashKey = HKDF.DeriveKey(HashAlgorithmName.SHA256, parameters.D!, SHA256.HashSizeInBytes, salt: [], Encoding.UTF8.GetBytes(SubjectHashInfo));
    }

    /// <summary>The public half, which names and verifies it.</summary>
    public PublicKey PublicKey { get; }

    /// <summary>Makes a new one.</summary>
    public static SigningKey Generate()
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new SigningKey(ecdsa.ExportParameters(includePrivateParameters: true), PublicKey.Of(ecdsa)!);
    }

    /// <summary>Reads one from PEM: PKCS#8, or the form of <c>openssl ecparam</c>.</summary>
    /// <param name="pem">The text.</param>
    /// <param name="from">Where it comes from, for messages: a file, or a variable of the environment.</param>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.SigningKeyInvalid"/>: it is no unencrypted private key on P-256.</exception>
    public static SigningKey FromPem(string pem, string from)
    {
        try
        {
            using var ecdsa = ECDsa.Create();
            ecdsa.ImportFromPem(pem);
            if (PublicKey.Of(ecdsa) is { } publicKey) return new SigningKey(ecdsa.ExportParameters(includePrivateParameters: true), publicKey);
        }
        catch (Exception e) when (e is CryptographicException or PlatformNotSupportedException or ArgumentException)
        {
            // Without the cause, which could quote the secret.
        }

        throw new ExpungeException(
            ErrorCodes.SigningKeyInvalid, $"{from} is no signing key: it must hold one ECDSA private key on P-256, as PEM, not encrypted.", "Make one with  expunge keys create,  or name the right one with --signing-key.");
    }

    /// <summary>The key as PEM (PKCS#8), ends with a line break. A secret.</summary>
    public string ToPem()
    {
        using var ecdsa = ECDsa.Create(_parameters);
        return $"{ecdsa.ExportPkcs8PrivateKeyPem()}\n";
    }

    /// <summary>Signs (SHA-256, IEEE P1363: 64 bytes).</summary>
    /// <param name="data">What to sign.</param>
    public byte[] Sign(ReadOnlySpan<byte> data)
    {
        // One for each: it is not safe for several threads.
        using var ecdsa = ECDsa.Create(_parameters);
        return ecdsa.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    /// <summary>
    /// The keyed hash of a subject, 32 bytes: HMAC-SHA256 over schema, table and key, each as UTF-8 after its length in bytes (4 bytes, big-endian). The same for the same subject; without this key nobody can tell whose
    /// it is, nor try all keys that there could be.
    /// </summary>
    /// <param name="root">The table of the subjects.</param>
    /// <param name="key">The subject's key, as PostgreSQL writes it as text.</param>
    public byte[] HashSubject(QualifiedName root, string key)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _hashKey);
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var part in (ReadOnlySpan<string>)[root.Schema, root.Name, key])
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
            hmac.AppendData(length);
            hmac.AppendData(bytes);
        }

        return hmac.GetHashAndReset();
    }

    /// <summary>Its name, never the secret.</summary>
    public override string ToString() => $"key {PublicKey.ShortId}";
}
