// Records of clients, for listings.
#pragma once

#include <carillon/hub/identity.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
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
    std::string profile;  ///< its name
    /// The stream's identity; null: nobody in particular, or a durable client that is away.
    std::shared_ptr<const identity> who;
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

/// Which clients to list, to count or to end. An empty field asks for all.
struct client_query {
    std::vector<std::string> ids = {};
    std::vector<std::string> users = {};
    std::vector<std::string> sessions = {};
    std::string topic = {};  ///< that it listens to, as it was named: a topic or a pattern
    std::vector<std::string> profiles = {};   ///< names
    std::vector<std::string> token_ids = {};  ///< of identities
    std::vector<std::string> issuers = {};    ///< the same
    std::vector<attribute> metadata = {};     ///< members of its metadata, all of these
    /// Those whose identity was issued before; where that is unknown, those that began before.
    std::optional<std::chrono::system_clock::time_point> before = {};
    std::string after = {};  ///< `client_page::next` of the page before
    std::size_t limit = 100;

    /// Whether it asks for all there are, page aside.
    bool all() const noexcept {
        return ids.empty() && users.empty() && sessions.empty() && topic.empty() &&
               profiles.empty() && token_ids.empty() && issuers.empty() && metadata.empty() &&
               !before;
    }
};

/// In an order that stays while clients come and go: a client that is there all the time is in
/// exactly one page of a series.
struct client_page {
    std::vector<client_info> clients;
    std::string next;  ///< empty: there are no more
};

/// How many streams have something in common.
struct census_row {
    std::string name;
    std::size_t streams = 0;
};

/// Figures of the streams that are there, about one moment: shards are asked one after the other.
struct hub_census {
    std::size_t streams = 0;
    std::size_t users = 0;    ///< different ones
    std::size_t durable = 0;  ///< clients' streams
    std::size_t slow = 0;     ///< streams that are behind
    std::chrono::milliseconds average_age{0};
    std::uint64_t events = 0;  ///< handed to these streams
    std::uint64_t bytes = 0;
    std::optional<std::chrono::system_clock::time_point> last_event_at;
    /// The largest first, and of equal ones by name; as many as were asked for.
    std::vector<census_row> by_user;
    std::vector<census_row> by_topic;  ///< topics and patterns, without the hub's own
    std::vector<census_row> by_profile;
};

}  // namespace carillon
