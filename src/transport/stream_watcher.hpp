// Gets word of streams that come and go.
#pragma once

#include <carillon/hub/clients.hpp>
#include <carillon/hub/stream_facts.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace carillon::transport {

/// A stream that has ended.
struct gone_stream {
    std::string id;  ///< as others are told it
    std::string user;
    std::string session;
    std::string profile;
    std::chrono::system_clock::time_point connected_at;
    std::optional<close_reason> why;  ///< nothing: its client left
};

/// Called on the loops' threads; must not block.
class stream_watcher {
public:
    virtual ~stream_watcher() = default;
    virtual void connected(const client_info& c) = 0;
    virtual void gone(const gone_stream& s) = 0;
};

}  // namespace carillon::transport
