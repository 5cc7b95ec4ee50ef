using System.Security.Cryptography;
using Expunge.Postgres;
using Expunge.Receipts;
using Xunit;

namespace Expunge.Tests.Receipts;

public sealed class SigningKeyTests
{
    private static readonly QualifiedName Users = new("public", "users");

    [Fact]
    public void The_id_is_the_SHA_256_of_the_public_key_as_OpenSSL_writes_it() => Assert.Equal("f7496c954260ecbe11704f5e36ba298e5f34b252d3a92e50590b62d8387a87f9", TestKeys.Known.PublicKey.Id);

    // Computed with Python's hmac and hashlib by what docs/receipts.md says.
    [Theory]
    [InlineData("7", "1ec5536bdbdfb33c5d9cb4f003699d8718785d1cfc591ba7057f7c692afd4ade")]
    [InlineData("ünï", "7e8005a0523d2f845b7b5c5f5309ba3e9595dde1d619403304ef34f5ca36baae")]
    public void The_hash_of_a_subject_is_what_another_language_computes(string key, string expected) => Assert.Equal(expected, Hash(TestKeys.Known, Users, key));

    [Fact]
    public void The_hash_depends_on_the_key_the_schema_the_table_and_the_subject_and_they_do_not_run_together()
    {
        string[] hashes =
        [
            Hash(TestKeys.Known, Users, "12"), Hash(TestKeys.Another, Users, "12"), Hash(TestKeys.Known, Users, "1"), Hash(TestKeys.Known, new("public", "users1"), "2"), Hash(TestKeys.Known, new("publicu", "sers"), "12"),
            Hash(TestKeys.Known, new("public", "accounts"), "12"),
        ];

        Assert.Equal(hashes.Distinct(), hashes);
        Assert.Equal(hashes[0], Hash(SigningKey.FromPem(TestKeys.Pem, "again"), Users, "12"));
    }

    [Fact]
    public void Written_as_PEM_it_is_read_as_the_same_key()
    {
        var again = SigningKey.FromPem(TestKeys.Another.ToPem(), "PEM");

        Assert.Equal(TestKeys.Another.PublicKey.Id, again.PublicKey.Id);
        Assert.True(TestKeys.Another.PublicKey.Verifies([1, 2, 3], again.Sign([1, 2, 3])));
        Assert.False(TestKeys.Another.PublicKey.Verifies([1, 2, 4], again.Sign([1, 2, 3])));
    }

    [Fact]
    public void What_is_no_private_key_on_P_256_is_refused_and_not_quoted()
    {
        using var rsa = RSA.Create(2048);
        using var p256 = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var encrypted = p256.ExportEncryptedPkcs8PrivateKeyPem("a password", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000));
        string[] wrong =
        [
            "", "not PEM, but perhaps a secret", TestKeys.Known.PublicKey.Pem, TestKeys.PemOn(ECCurve.NamedCurves.nistP384), TestKeys.PemOn(ECCurve.NamedCurves.brainpoolP256r1), rsa.ExportPkcs8PrivateKeyPem(), encrypted,
            TestKeys.Pem.Replace("QgCogy", "QgCogz", StringComparison.Ordinal)[..^40], $"{TestKeys.Pem}\n{TestKeys.Another.ToPem()}",
        ];

        foreach (var pem in wrong)
        {
            var refused = Assert.Throws<ExpungeException>(() => SigningKey.FromPem(pem, "EXPUNGE_SIGNING_KEY"));
            Assert.Equal(ErrorCodes.SigningKeyInvalid, refused.Code);
            Assert.StartsWith("EXPUNGE_SIGNING_KEY is no signing key", refused.Message, StringComparison.Ordinal);
            Assert.Null(refused.InnerException);
        }
    }

    [Fact]
    public void It_never_shows_itself()
    {
        Assert.Equal("key f7496c954260", $"{TestKeys.Known}");
        Assert.Contains("key f7496c954260", $"{new Expunge.Deletion.DeletionOptions { SigningKey = TestKeys.Known }}", StringComparison.Ordinal);
    }

    private static string Hash(SigningKey key, QualifiedName root, string id) => Convert.ToHexStringLower(key.HashSubject(root, id));
}
