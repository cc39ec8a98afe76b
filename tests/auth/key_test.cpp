#include "auth/key.hpp"

#include "auth/development_token.hpp"
#include "auth/key_source.hpp"
#include "auth/token_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::auth {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string why_not(std::string_view jwk) {
    const auto k = key::from_jwk(jwk);
    return k ? std::string() : k.error().detail;
}

TEST(key, pins_the_algorithm_that_its_type_or_its_alg_names) {
    // RFC 7515, appendix A.3; RFC 8037, appendix A.
    constexpr std::string_view p256 =
        R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","kid":"k1"})";
    constexpr std::string_view ed25519 =
        R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";
    EXPECT_EQ(key::from_jwk(p256).value()->alg(), algorithm::es256);
    EXPECT_EQ(key::from_jwk(p256).value()->id(), "k1");
    EXPECT_FALSE(key::from_jwk(p256).value()->can_sign());
    EXPECT_EQ(key::from_jwk(ed25519).value()->alg(), algorithm::eddsa);
    EXPECT_EQ(key::from_pem(test::key_file(algorithm::rs256, false)).value()->alg(),
              algorithm::rs256);
    EXPECT_EQ(
        key::from_pem(test::key_file(algorithm::ps512, false), algorithm::ps512).value()->alg(),
        algorithm::ps512);
}

TEST(key, verifies_the_example_of_rfc_8037) {
    const auto k = key::from_jwk(
        R"({"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})");
    ASSERT_TRUE(k);
    EXPECT_TRUE((*k)->can_sign());
    const auto token = compact_token::parse(
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
    ASSERT_TRUE(token);
    EXPECT_TRUE((*k)->verify(*token));
}

TEST(key, refuses_keys_of_other_kinds) {
    EXPECT_THAT(why_not("[]"), HasSubstr("JSON object"));
    EXPECT_THAT(why_not("{}"), HasSubstr("type or curve"));
    EXPECT_THAT(why_not(R"({"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"})"),
                HasSubstr("type or curve"));
    EXPECT_THAT(why_not(R"({"kty":"oct","k":"AAAA"})"), HasSubstr("alg"));
    EXPECT_THAT(why_not(R"({"kty":"oct","alg":"RS256","k":"AAAA"})"),
                HasSubstr("type is not that of"));
    EXPECT_THAT(why_not(R"({"kty":"oct","alg":"HS256","k":"A==="})"), HasSubstr("base64url"));
    EXPECT_THAT(why_not(R"({"kty":"oct","alg":"HS256","k":""})"), HasSubstr("empty"));
    EXPECT_THAT(why_not(R"({"kty":"oct","alg":"HS256","k":"AAAA","use":"enc"})"),
                HasSubstr("signatures"));
    EXPECT_THAT(why_not(R"({"kty":"oct","alg":"HS256","k":"AAAA","key_ops":["encrypt"]})"),
                HasSubstr("signatures"));
    EXPECT_THAT(why_not(R"({"kty":"EC","crv":"P-256","x":"AA","y":"AA"})"), HasSubstr("numbers"));
    EXPECT_THAT(why_not(R"({"kty":"RSA","n":"AAAA","e":"AQAB"})"), HasSubstr("2048"));
    EXPECT_FALSE(key::from_pem("no PEM"));
    EXPECT_FALSE(key::from_pem(test::key_file(algorithm::rs256, false), algorithm::es256));
    EXPECT_FALSE(key::from_pem(test::key_file(algorithm::eddsa, false), algorithm::es256));
    EXPECT_FALSE(key::from_secret("", algorithm::hs256));
    EXPECT_FALSE(key::from_secret("x", algorithm::rs256));
}

TEST(key, says_that_a_short_secret_is_weak) {
    EXPECT_TRUE(key::from_secret(std::string(31, 'x'), algorithm::hs256).value()->weak());
    EXPECT_FALSE(key::from_secret(std::string(32, 'x'), algorithm::hs256).value()->weak());
    EXPECT_TRUE(key::from_secret(std::string(63, 'x'), algorithm::hs512).value()->weak());
}

TEST(key_set, leaves_out_what_it_cannot_use) {
    const auto keys = parse_key_set(R"({"keys":[
        {"kty":"oct","alg":"HS256","k":"AAAA","kid":"a"},
        {"kty":"oct","alg":"A128KW","k":"AAAA"}, 7,
        {"kty":"oct","alg":"HS256","k":"BBBB","kid":"b"}]})");
    ASSERT_TRUE(keys);
    ASSERT_EQ(keys->size(), 2u);
    EXPECT_EQ(matching_keys(*keys, "b", algorithm::hs256).size(), 1u);
    EXPECT_EQ(matching_keys(*keys, "c", algorithm::hs256).size(), 0u);
    EXPECT_EQ(matching_keys(*keys, "", algorithm::hs256).size(), 2u);
    EXPECT_EQ(matching_keys(*keys, "", algorithm::hs384).size(), 0u);
    EXPECT_FALSE(parse_key_set("{}"));
    EXPECT_FALSE(parse_key_set("<html>"));
    std::string many = R"({"keys":[1)";
    for (std::size_t i = 1; i < max_keys; ++i) many += ",1";
    EXPECT_TRUE(parse_key_set(many + "]}"));
    EXPECT_FALSE(parse_key_set(many + ",1]}"));
}

TEST(key, takes_a_signature_on_a_curve_as_two_numbers_side_by_side) {
    for (const algorithm a : {algorithm::es256, algorithm::es384}) {
        const std::string text = test::key_for(a, true)->sign(R"({"sub":"ann"})").value();
        const auto k = test::key_for(a);
        const auto good = compact_token::parse(text).value();
        EXPECT_TRUE(k->verify(good));
        const std::string raw = parse_base64url(good.signature_part()).value();
        const std::size_t half = raw.size() / 2;
        const std::string zeros(half, '\0');
        for (const std::string& wrong :
             {raw.substr(1), raw + '\0', raw.substr(0, half),
              raw.substr(half) + raw.substr(0, half), zeros + zeros, zeros + raw.substr(half),
              raw.substr(0, half) + zeros, std::string(raw.size(), '\xff'), "\x30\x44" + raw}) {
            const auto forged =
                compact_token::parse(std::string(good.signed_part()) + '.' + base64url(wrong));
            ASSERT_TRUE(forged);
            EXPECT_FALSE(k->verify(*forged)) << to_string(a) << ' ' << base64url(wrong);
        }
        auto other = good;
        other.text[other.text.find('.') + 1] ^= 1;
        EXPECT_FALSE(k->verify(other)) << "what is signed was changed";
    }
}

TEST(development_token, has_the_form_of_the_document) {
    const auto c =
        parse_development_token("dGVzdDEyMzp0ZXN0dXNlcjp0ZXN0QGV4YW1wbGUuY29tOnVzZXIsYWRtaW4=");
    ASSERT_TRUE(c);
    EXPECT_EQ(c->subject, "test123");
    EXPECT_THAT(c->roles, ElementsAre("user", "admin"));
    EXPECT_EQ(
        c->text,
        R"({"sub":"test123","username":"testuser","email":"test@example.com","roles":["user","admin"]})");
    for (const char* wrong :
         {"", "====", "dGVzdA==", "OmE6Yjpj", "YTpiOmM6ZDpl", "/zphOmI6Yw==", "a.b.c"})
        EXPECT_FALSE(parse_development_token(wrong)) << wrong;
    EXPECT_TRUE(parse_development_token("YTo6Og"));  // "a:::", unpadded: no name, no roles
}

}  // namespace
}  // namespace carillon::auth
