using System.Security.Cryptography;
using Expunge.Receipts;

namespace Expunge.Tests.Receipts;

/// <summary>Keys of tests, and of nothing else.</summary>
internal static class TestKeys
{
    /// <summary>Made by OpenSSL.</summary>
    public const string Pem =
        """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgCogyfC5/eXFalQaI
        UZD5ceC2P07Yxd+jCgGOzq6r++uhRANCAARDcAfNj2A5iC4YuZc+jhOPN+cAIStV
        X4noJ1xxpxIrZnWsoEEEoOIV3GB9iPvYAir9EupmHXFpT0+fJW9S4m4h
        -----END PRIVATE KEY-----
        """;

    public static SigningKey Known { get; } = SigningKey.FromPem(Pem, "the test");

    public static SigningKey Another { get; } = SigningKey.Generate();

    public static string PemOn(ECCurve curve)
    {
        using var ecdsa = ECDsa.Create(curve);
        return ecdsa.ExportPkcs8PrivateKeyPem();
    }
}
