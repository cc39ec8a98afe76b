// The keys of the tests, and tokens that are wrong in one respect.
#pragma once

#include "auth/key.hpp"
#include "auth/token_verifier.hpp"
#include "base/base64url.hpp"

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace carillon::test {

inline constexpr std::string_view secret =
    "a secret of sixty-four bytes, so that it is long enough for HS512!";

inline std::string token_file(const std::string& name) {
    std::ifstream in(std::string(CARILLON_SOURCE_DIR) + "/tests/auth/tokens/" + name);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

inline std::string key_file(auth::algorithm a, bool is_private) {
    static constexpr std::string_view names[] = {"", "rsa", "p256", "p384", "ed25519"};
    return token_file("keys/" + std::string(names[static_cast<std::size_t>(auth::family_of(a))]) +
                      (is_private ? ".pem" : ".pub.pem"));
}

/// The key that verifies an algorithm's tokens; with `is_private` it signs too.
inline auth::key_ptr key_for(auth::algorithm a, bool is_private = false) {
    if (auth::family_of(a) == auth::key_family::secret)
        return auth::key::from_secret(secret, a).value();
    return auth::key::from_pem(key_file(a, is_private), a).value();
}

inline auth::claim_rules rules() {
    return {.issuer = "https://id.example.com", .audiences = {"carillon"}};
}

inline auth::token_verifier verifier_with(std::vector<auth::key_ptr> keys,
                                          auth::claim_rules r = rules()) {
    return auth::token_verifier(
        {.issuers = {{std::move(r), std::make_shared<auth::fixed_keys>(std::move(keys))}}});
}

inline const std::string good_claims =
    R"({"sub":"alice","sid":"s1","roles":["user","publisher"],"iss":"https://id.example.com","aud":"carillon","exp":4102444800,"jti":"t-1"})";

/// A token with any header, signed as HS256 by hand where the library would refuse to.
inline std::string unsigned_token(std::string_view header, std::string_view claims) {
    return base64url(header) + '.' + base64url(claims) + '.' + base64url("x");
}

inline result<auth::token_claims> check(
    auth::token_verifier& v, std::string_view token,
    std::chrono::system_clock::time_point now = std::chrono::system_clock::now()) {
    result<auth::token_claims> answer = fail(errc::internal, "not called");
    v.check(token, now, [&](auto r) { answer = std::move(r); });
    return answer;
}

}  // namespace carillon::test
