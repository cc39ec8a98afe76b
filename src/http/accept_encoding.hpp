// Which content coding a client is answered in (RFC 9110, 12.5.3).
#pragma once

#include <carillon/coding/content_coding.hpp>

#include <optional>
#include <span>
#include <string_view>

namespace carillon::http {

/// The coding of the highest weight among those offered, of equal ones the first; identity if the
/// header is absent or empty, if it prefers identity, or if nothing offered will do.
content_coding preferred_coding(std::optional<std::string_view> accept_encoding,
                                std::span<const content_coding> offered) noexcept;

}  // namespace carillon::http
