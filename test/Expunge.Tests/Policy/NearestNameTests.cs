using CsCheck;
using Expunge.Policy;
using Xunit;

namespace Expunge.Tests.Policy;

public sealed class NearestNameTests
{
    private static readonly Gen<string> Word = Gen.Char["abc_"].Array[0, 8].Select(letters => new string(letters));

    [Theory]
    [InlineData("casade", "cascade")]
    [InlineData("cascdae", "cascade")]
    [InlineData("CASCADE", "cascade")]
    [InlineData("setnull", "set null")]
    [InlineData("user_profile", "user_profiles")]
    [InlineData("patient_helth_record", "patient_health_records")]
    [InlineData("xyz", null)]
    [InlineData("k", null)]
    [InlineData("", null)]
    public void The_nearest_name_is_found_and_a_far_one_is_not(string wrong, string? expected) =>
        Assert.Equal(expected, NearestName.Of(wrong, ["set null", "cascade", "user_profiles", "patient_health_records", "id"]));

    [Fact]
    public void Letter_case_decides_only_between_equally_near_names() => Assert.Equal("Users", NearestName.Of("Usesr", ["users", "Users", "USERS"]));

    [Fact]
    public void A_hint_ends_a_message()
    {
        Assert.Equal("; did you mean 'users'?", NearestName.Hint("user", ["users"]));
        Assert.Equal("", NearestName.Hint("user", ["invoices"]));
    }

    [Fact]
    public void The_distance_is_symmetric_and_zero_only_for_equal_names() =>
        Gen.Select(Word, Word).Sample((a, b) => NearestName.Distance(a, b) == NearestName.Distance(b, a) && (NearestName.Distance(a, b) == 0) == (a == b));

    [Fact]
    public void One_typing_error_is_one() =>
        Gen.Select(Word, Gen.Int[0, 7], Gen.Char["xyz"]).Sample((word, at, letter) => NearestName.Distance(word, word.Insert(at % (word.Length + 1), letter.ToString())) == 1);
}
