// A JSON Web Token in its compact form (RFC 7515, section 7.1), taken apart and not yet believed.
#pragma once

#include <carillon/base/result.hpp>

#include "auth/algorithm.hpp"

#include <string>
#include <string_view>

namespace carillon::auth {

/// Bytes of a token; longer ones are refused before anything is decoded.
inline constexpr std::size_t max_token_size = 8u << 10;

/// A value. What it holds is the sender's word until a `key` has verified it.
struct compact_token {
    std::string text;     ///< header, payload and signature as they came
    algorithm alg{};      ///< of the header
    std::string key_id;   ///< `kid`; empty: none
    std::string payload;  ///< decoded

    /// What is signed: header and payload, encoded, with their dot.
    std::string_view signed_part() const noexcept {
        return std::string_view(text).substr(0, text.rfind('.'));
    }
    std::string_view signature_part() const noexcept {
        return std::string_view(text).substr(text.rfind('.') + 1);
    }

    /// Error `unauthenticated`, with what is wrong: too large, not three parts of base64url, a
    /// header that is no JSON object, an algorithm that is not accepted (`none` is not), `crit`
    /// (no extension is understood, RFC 7515, section 4.1.11), a `typ` of something else.
    static result<compact_token> parse(std::string_view text);
};

}  // namespace carillon::auth
