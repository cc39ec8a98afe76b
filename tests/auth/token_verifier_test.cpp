#include "auth/token_verifier.hpp"

#include "auth/token_fixture.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::auth {
namespace {

using test::check;
using test::good_claims;
using test::key_for;
using test::rules;
using test::verifier_with;
using testing::ElementsAre;
using testing::HasSubstr;
using time_point = std::chrono::system_clock::time_point;

constexpr std::array all_algorithms{algorithm::hs256, algorithm::hs384, algorithm::hs512,
                                    algorithm::rs256, algorithm::rs384, algorithm::rs512,
                                    algorithm::ps256, algorithm::ps384, algorithm::ps512,
                                    algorithm::es256, algorithm::es384, algorithm::eddsa};

time_point at(std::int64_t seconds) { return time_point(std::chrono::seconds(seconds)); }

std::string signed_with(algorithm a, std::string_view claims) {
    return key_for(a, true)->sign(claims).value();
}

TEST(token_verifier, believes_tokens_of_other_libraries_in_every_algorithm) {
    for (const char* file : {"pyjwt.json", "jose.json", "golang-jwt.json"}) {
        const auto tokens = boost::json::parse(test::token_file(file));
        for (const algorithm a : all_algorithms) {
            auto v = verifier_with({key_for(a)});
            const auto claims = check(v, tokens.at(to_string(a)).as_string());
            ASSERT_TRUE(claims) << file << ' ' << to_string(a) << ": " << claims.error().detail;
            EXPECT_EQ(claims->subject, "alice");
            EXPECT_EQ(claims->session, "s1");
            EXPECT_EQ(claims->token_id, "t-1");
            EXPECT_THAT(claims->roles, ElementsAre("user", "publisher"));
        }
    }
}

TEST(token_verifier, believes_what_its_own_keys_signed) {
    for (const algorithm a : all_algorithms) {
        auto v = verifier_with({key_for(a)});
        EXPECT_TRUE(check(v, signed_with(a, good_claims))) << to_string(a);
    }
}

TEST(token_verifier, finds_the_key_that_the_token_names_among_any_number) {
    std::vector<key_ptr> keys;
    for (int i = 0; i < 20; ++i) {
        keys.push_back(
            key::from_secret("a secret of more than thirty-two bytes, number " + std::to_string(i),
                             algorithm::hs256, "k" + std::to_string(i))
                .value());
    }
    auto v = verifier_with(keys);
    for (const key_ptr& k : keys) {
        const auto claims = check(v, k->sign(good_claims).value());
        EXPECT_TRUE(claims) << k->id() << ": " << claims.error().detail;
    }
}

TEST(token_verifier, uses_a_key_for_its_own_algorithm_only) {
    for (const algorithm key : all_algorithms) {
        auto v = verifier_with({key_for(key)});
        for (const algorithm a : all_algorithms) {
            if (a != key) {
                EXPECT_FALSE(check(v, signed_with(a, good_claims)));
            }
        }
    }
}

TEST(token_verifier, does_not_take_a_public_key_for_a_secret) {
    const std::string pem = test::key_file(algorithm::rs256, false);
    EXPECT_FALSE(key::from_secret(pem, algorithm::hs256));
    // Signed by an attacker with the public key's text as the secret.
    const std::string jwk =
        fmt::format(R"({{"kty":"oct","alg":"HS256","k":"{}"}})", base64url(pem));
    const std::string forged = key::from_jwk(jwk).value()->sign(good_claims).value();
    auto v = verifier_with({key_for(algorithm::rs256)});
    EXPECT_THAT(check(v, forged).error().detail, HasSubstr("no key"));
}

TEST(token_verifier, refuses_what_is_unsigned_or_changed) {
    auto v = verifier_with({key_for(algorithm::hs256)});
    const std::string good = signed_with(algorithm::hs256, good_claims);
    const std::string payload = base64url(good_claims);
    EXPECT_FALSE(check(v, base64url(R"({"alg":"none"})") + "." + payload + "."));
    EXPECT_FALSE(check(v, test::unsigned_token(R"({"alg":"none"})", good_claims)));
    EXPECT_FALSE(check(v, test::unsigned_token(R"({"alg":"HS256"})", good_claims)));
    for (std::size_t i = 0; i < good.size(); ++i) {
        std::string changed = good;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        // The last character has bits that belong to no byte.
        if (i + 1 != good.size()) {
            EXPECT_FALSE(check(v, changed)) << i;
        }
        EXPECT_FALSE(check(v, good.substr(0, i)));
    }
    EXPECT_FALSE(check(v, good + "A"));
    EXPECT_FALSE(check(v, good + ".A"));
    EXPECT_FALSE(check(v, good + "="));
    EXPECT_FALSE(check(v, " " + good));
    EXPECT_TRUE(check(v, good));
}

TEST(token_verifier, refuses_headers_that_it_does_not_understand) {
    const auto refused = [&](std::string_view header) {
        const auto token = compact_token::parse(test::unsigned_token(header, good_claims));
        return token ? std::string() : token.error().detail;
    };
    EXPECT_EQ(refused(R"({"alg":"HS256"})"), "");
    EXPECT_EQ(refused(R"({"alg":"HS256","typ":"jwt","kid":"a"})"), "");
    EXPECT_EQ(refused(R"({"alg":"HS256","typ":"at+jwt"})"), "");
    EXPECT_THAT(refused(R"({"alg":"HS256","crit":["exp"],"exp":1})"), HasSubstr("crit"));
    EXPECT_THAT(refused(R"({"alg":"HS256","crit":[]})"), HasSubstr("crit"));
    EXPECT_THAT(refused(R"({"alg":"HS256","typ":"dpop+jwt"})"), HasSubstr("typ"));
    EXPECT_THAT(refused(R"({"alg":"hs256"})"), HasSubstr("alg"));
    EXPECT_THAT(refused(R"({"alg":"RSA-OAEP"})"), HasSubstr("alg"));
    EXPECT_THAT(refused(R"({"alg":7})"), HasSubstr("alg"));
    EXPECT_THAT(refused(R"({"kid":"a"})"), HasSubstr("alg"));
    EXPECT_THAT(refused(R"({"alg":"HS256","kid":7})"), HasSubstr("kid"));
    EXPECT_THAT(refused(R"(["HS256"])"), HasSubstr("JSON object"));
    EXPECT_THAT(refused("nonsense"), HasSubstr("JSON object"));
    EXPECT_THAT(refused(std::string(4000, '[')), HasSubstr("JSON object"));
}

TEST(token_verifier, refuses_a_token_that_is_one_byte_too_long) {
    const std::string head = base64url(R"({"alg":"HS256"})") + ".";
    EXPECT_TRUE(
        compact_token::parse(head + std::string(max_token_size - head.size() - 3, 'A') + ".AA"));
    EXPECT_FALSE(
        compact_token::parse(head + std::string(max_token_size - head.size() - 2, 'A') + ".AA"));
}

TEST(token_verifier, compares_times_with_a_leeway) {
    auto r = rules();
    r.leeway = std::chrono::seconds(30);
    auto v = verifier_with({key_for(algorithm::hs256)}, r);
    const std::string token = signed_with(
        algorithm::hs256,
        R"({"sub":"a","iss":"https://id.example.com","aud":"carillon","nbf":1000,"exp":2000})");
    EXPECT_THAT(check(v, token, at(969)).error().detail, HasSubstr("nbf"));
    EXPECT_TRUE(check(v, token, at(970)));
    EXPECT_TRUE(check(v, token, at(2029)));
    EXPECT_THAT(check(v, token, at(2030)).error().detail, HasSubstr("expired"));  // from the cache
}

TEST(token_verifier, sees_by_how_much_a_clock_is_ahead_and_bears_no_more_than_the_leeway) {
    const auto k = key_for(algorithm::hs256);
    auto v = verifier_with({k}, {});
    const auto issued_at = [&](std::string_view when) {
        const std::string claims = R"({"sub":"a","exp":2000000,"iat":)" + std::string(when) + "}";
        return check(v, k->sign(claims).value(), at(1'000'000)).has_value();
    };
    EXPECT_TRUE(issued_at("999990"));
    EXPECT_EQ(v.clocks_ahead(), std::chrono::seconds(0));
    EXPECT_TRUE(issued_at("1000007"));
    EXPECT_EQ(v.clocks_ahead(), std::chrono::seconds(7));
    EXPECT_TRUE(issued_at("1000003"));
    EXPECT_EQ(v.clocks_ahead(), std::chrono::seconds(7)) << "a token may be used later";
    EXPECT_TRUE(issued_at("1000030"));
    EXPECT_FALSE(issued_at("1000031"));
    EXPECT_EQ(v.clocks_ahead(), std::chrono::seconds(30));
}

TEST(token_verifier, refuses_tokens_of_others_and_for_others) {
    auto v = verifier_with({key_for(algorithm::hs256)});
    const auto why = [&](std::string_view claims) {
        const auto c = check(v, signed_with(algorithm::hs256, claims), at(1000));
        return c ? std::string() : c.error().detail;
    };
    constexpr auto claims = R"({{"sub":{},"iss":{},"aud":{},"exp":2000}})";
    const std::string us = R"("https://id.example.com")";
    const auto with = [&](std::string_view sub, std::string_view iss, std::string_view aud) {
        return why(fmt::format(claims, sub, iss, aud));
    };
    EXPECT_EQ(with(R"("a")", us, R"("carillon")"), "");
    EXPECT_EQ(with("7", us, R"(["x","carillon"])"), "");
    EXPECT_THAT(with(R"("a")", R"("https://evil.example.com")", R"("carillon")"),
                HasSubstr("issuer"));
    EXPECT_THAT(with(R"("a")", us, R"("shop")"), HasSubstr("audience"));
    EXPECT_THAT(with(R"("a")", us, "[]"), HasSubstr("audience"));
    EXPECT_THAT(with(R"("a")", us, "7"), HasSubstr("wrong type"));
    EXPECT_THAT(with(R"("")", us, R"("carillon")"), HasSubstr("no user"));
    EXPECT_THAT(with(R"({"x":1})", us, R"("carillon")"), HasSubstr("wrong type"));
    EXPECT_THAT(why(R"({"sub":"a","iss":"https://id.example.com","aud":"carillon"})"),
                HasSubstr("exp"));
    EXPECT_THAT(why(R"({"sub":"a","iss":"https://id.example.com","aud":"carillon","exp":"x"})"),
                HasSubstr("wrong type"));
    EXPECT_THAT(why("[]"), HasSubstr("issuer"));
    EXPECT_THAT(read_claims("[]", rules()).error().detail, HasSubstr("JSON object"));
}

TEST(token_verifier, asks_for_an_audience_before_it_takes_tokens_that_name_one) {
    auto r = rules();
    r.audiences.clear();
    auto v = verifier_with({key_for(algorithm::hs256)}, r);
    EXPECT_THAT(check(v, signed_with(algorithm::hs256, good_claims)).error().detail,
                HasSubstr("audience"));
}

TEST(token_verifier, sends_a_token_to_the_issuer_that_it_names) {
    const auto first = key::from_secret("first secret", algorithm::hs256).value();
    const auto second = key::from_secret("second secret", algorithm::hs256).value();
    token_verifier v(
        {.issuers = {{{.issuer = "one"}, std::make_shared<fixed_keys>(std::vector{first})},
                     {{.issuer = "two"}, std::make_shared<fixed_keys>(std::vector{second})}}});
    const std::string of_one = R"({"sub":"a","iss":"one","exp":4102444800})";
    const std::string of_two = R"({"sub":"a","iss":"two","exp":4102444800})";
    EXPECT_TRUE(check(v, first->sign(of_one).value()));
    EXPECT_TRUE(check(v, second->sign(of_two).value()));
    EXPECT_FALSE(check(v, first->sign(of_two).value()));
    EXPECT_FALSE(check(v, first->sign(R"({"sub":"a","iss":"three","exp":4102444800})").value()));
    EXPECT_FALSE(check(v, first->sign(R"({"sub":"a","exp":4102444800})").value()));
}

TEST(token_verifier, an_issuer_may_be_believed_less_than_others) {
    auto r = rules();
    r.user_prefix = "partner:";
    r.allowed_roles = {"user"};
    r.grants_believed = false;
    auto v = verifier_with({key_for(algorithm::hs256)}, r);
    const auto claims = check(
        v,
        signed_with(
            algorithm::hs256,
            R"({"sub":"alice","roles":["admin","user"],"iss":"https://id.example.com","aud":"carillon","exp":4102444800,"carillon":{"publish":["**"],"subscribe":["**"]},"mercure":{"publish":["*"]}})"));
    ASSERT_TRUE(claims) << claims.error().detail;
    EXPECT_EQ(claims->subject, "partner:alice");
    EXPECT_EQ(claims->roles, std::vector<std::string>{"user"});
    EXPECT_EQ(claims->grants, nullptr);
    EXPECT_THAT(claims->attributes,
                ::testing::Not(::testing::Contains(attribute{"role", "admin"})));
}

TEST(token_verifier, reads_grants_and_roles_in_their_forms) {
    auto v = verifier_with({key_for(algorithm::hs256)}, {.roles_claim = "scope"});
    const auto claims = check(v, signed_with(algorithm::hs256, R"({"sub":"a","exp":4102444800,
        "scope":"publisher,admin user","carillon":{"publish":["news/*"],"subscribe":[]}})"));
    ASSERT_TRUE(claims) << claims.error().detail;
    EXPECT_THAT(claims->roles, ElementsAre("publisher", "admin", "user"));
    EXPECT_NE(claims->grants, nullptr);
    for (const char* wrong : {R"([])", R"({"publish":"news"})", R"({"publish":[1]})"}) {
        EXPECT_FALSE(check(
            v, signed_with(algorithm::hs256,
                           fmt::format(R"({{"sub":"a","exp":4102444800,"carillon":{}}})", wrong))))
            << wrong;
    }
}

/// Counts how often keys are asked for.
class counting_keys final : public key_source {
public:
    void find(std::string_view id, algorithm alg, callback done) override {
        ++asked;
        if (keys.empty()) return done(fail(errc::unavailable, "away"));
        done(matching_keys(keys, id, alg));
    }
    std::vector<key_ptr> keys;
    int asked = 0;
};

TEST(token_verifier, verifies_a_token_once_until_it_is_told_to_forget) {
    const auto source = std::make_shared<counting_keys>();
    source->keys = {key_for(algorithm::es256)};
    token_verifier v({.issuers = {{rules(), source}}});
    const std::string token = signed_with(algorithm::es256, good_claims);
    const auto first = check(v, token);
    const auto second = check(v, token);
    ASSERT_TRUE(first && second);
    EXPECT_EQ(second->subject, "alice");
    EXPECT_EQ(second->session, "s1");
    EXPECT_EQ(second->roles, first->roles);
    EXPECT_EQ(second->issuer, first->issuer);
    EXPECT_EQ(second->token_id, "t-1");
    EXPECT_EQ(second->text, good_claims);
    EXPECT_EQ(second->attributes, first->attributes);
    EXPECT_EQ(second->grants, first->grants);
    EXPECT_EQ(second->expires, first->expires);
    EXPECT_FALSE(second->not_before || second->issued_at);
    EXPECT_EQ(source->asked, 1);
    v.forget();
    source->keys = {key_for(algorithm::rs256)};
    EXPECT_FALSE(check(v, token));
    EXPECT_EQ(source->asked, 2);
}

TEST(token_verifier, says_when_keys_cannot_be_had) {
    token_verifier v({.issuers = {{rules(), std::make_shared<counting_keys>()}}});
    EXPECT_EQ(check(v, signed_with(algorithm::es256, good_claims)).error().code, errc::unavailable);
}

TEST(token_cache, remembers_no_more_than_it_may) {
    token_cache cache(4);
    const auto digest = [](int i) { return token_cache::digest_of(std::to_string(i)); };
    for (int i = 0; i < 100; ++i) {
        cache.add(digest(i), {});
        EXPECT_TRUE(cache.find(digest(0))) << "what is used stays";
    }
    int known = 0;
    for (int i = 0; i < 100; ++i) known += cache.find(digest(i)) ? 1 : 0;
    EXPECT_LE(known, 4);
}

}  // namespace
}  // namespace carillon::auth
