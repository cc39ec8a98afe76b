// What the doctor found, and what is to be done about it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::server {

/// What stands in front of the hub, as far as its answers tell.
enum class proxy_name : std::uint8_t { unknown, none, nginx, haproxy, caddy, apache };
std::string_view to_string(proxy_name p) noexcept;

enum class verdict : std::uint8_t { good, note, bad, unchecked };
std::string_view to_string(verdict v) noexcept;

/// What may be wrong. Each has a remedy for each proxy.
enum class fault : std::uint8_t {
    held_back,      ///< events wait in a buffer
    compressed,     ///< they wait in a compressor
    delayed,        ///< each is late by the same time
    cut_idle,       ///< a quiet stream is cut
    ends_for_good,  ///< a restart is answered so that an EventSource does not come back
    host,           ///< `Host` arrives as another
    address,        ///< all clients look like the proxy
    forged,         ///< clients may say which address they have
    path,           ///< paths arrive changed
    http10,         ///< the proxy speaks HTTP/1.0 to the hub
    cors,           ///< pages of the origin may not read
};

/// What to set, in one sentence; for an unknown proxy, for each of them.
std::string remedy(fault f, proxy_name p);

struct finding {
    std::string check;  ///< one word
    verdict is = verdict::good;
    std::string says;    ///< a sentence
    std::string remedy;  ///< empty: there is nothing to do
};

}  // namespace carillon::server
