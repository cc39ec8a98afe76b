// Records of clients, for listings.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace carillon {

struct client_info {
    /// For calls about the client. Of a durable one it is not the token: whoever has that is the
    /// client, while nobody can connect with this.
    std::string id;
    std::string user;     ///< of the stream's identity; empty: none
    std::string session;  ///< the same
    std::vector<std::string> topics;
    std::string metadata;
    std::string address;
    std::string last_event_id;  ///< of the newest event handed to the connection; the opening
                                ///< cursor before that
    std::chrono::system_clock::time_point connected_at;
    std::optional<std::chrono::system_clock::time_point> last_event_at;
    std::optional<std::chrono::system_clock::time_point> last_heartbeat_at;
    std::uint64_t events = 0;  ///< handed to this connection
    std::uint64_t bytes = 0;
    bool durable = false;
    bool behind = false;  ///< catching up from the journal
};

/// Which clients to list. An empty field asks for all.
struct client_query {
    std::vector<std::string> ids = {};
    std::vector<std::string> users = {};
    std::vector<std::string> sessions = {};
    std::string topic = {};  ///< that it listens to, as it was named: a topic or a pattern
    std::string after = {};  ///< `client_page::next` of the page before
    std::size_t limit = 100;
};

/// In an order that stays while clients come and go: a client that is there all the time is in
/// exactly one page of a series.
struct client_page {
    std::vector<client_info> clients;
    std::string next;  ///< empty: there are no more
};

}  // namespace carillon
