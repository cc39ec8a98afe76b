// Host names with ports, as in `Host`, in origins and in absolute targets.
#pragma once

#include <optional>
#include <string_view>

namespace carillon::http {

struct authority {
    std::string_view host;  ///< as written, without brackets and without a final dot; may be empty
    std::string_view port;  ///< digits; empty if none
};

/// Nothing if `text` is no host with an optional port (RFC 3986, 3.2); user names are refused.
std::optional<authority> parse_authority(std::string_view text) noexcept;

}  // namespace carillon::http
