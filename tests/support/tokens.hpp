// Tokens for servers that are started with `--auth.secret`.
#pragma once

#include "auth/key.hpp"
#include "support/running_server.hpp"

#include <chrono>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace carillon::testing {

inline constexpr std::string_view test_secret = "a secret of more than thirty-two bytes";

/// `roles` is a JSON array's text.
inline std::string token_of(std::string_view user, std::string_view roles = R"(["user"])") {
    const auto end = std::chrono::duration_cast<std::chrono::seconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count() +
                     600;
    const auto key = auth::key::from_secret(test_secret, auth::algorithm::hs256).value();
    return key->sign(fmt::format(R"({{"sub":"{}","roles":{},"exp":{}}})", user, roles, end))
        .value();
}

/// The field lines of a call with a JSON body.
inline std::string calls_as(std::string_view user, std::string_view roles = R"(["user"])") {
    return fmt::format("Authorization: Bearer {}\r\n{}", token_of(user, roles), json_type);
}

}  // namespace carillon::testing
