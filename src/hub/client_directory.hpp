// Durable clients: what survives their reconnection.
#pragma once

#include <carillon/base/result.hpp>
#include <carillon/journal/topic.hpp>

#include "base/string_map.hpp"
#include "hub/session_directory.hpp"

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// The topics of a durable client: those that its connection asked for, without those that it gave
/// up, and those that were added. A value; look-ups are logarithmic.
class client_topics {
public:
    /// A new connection asks for `requested`. What was given up stays so, what was added stays, as
    /// far as `most` topics in all allow.
    void request(std::vector<topic_pattern> requested, std::size_t most);
    bool has(const topic_pattern& t) const noexcept;
    /// Error `invalid_request`: it has `most` topics already.
    result<> add(const topic_pattern& t, std::size_t most);
    /// Error `not_found`: it does not listen to this one.
    result<> remove(const topic_pattern& t);
    std::size_t size() const noexcept {
        return requested_.size() - given_up_.size() + added_.size();
    }
    std::vector<topic_pattern> all() const;

private:
    using sorted = std::vector<topic_pattern>;

    sorted requested_;
    sorted given_up_;  ///< of the requested ones
    sorted added_;     ///< none of the requested ones
};

/// Synchronised inside; touched when durable clients come, go and change topics, never per event.
///
/// A client has two names. Its token is a secret: whoever connects with it is the client. Its
/// public id, `~` and random characters, is for calls about the client and stands in listings; no
/// token has its form, so nobody can connect with it. It stays while the client is remembered.
class client_directory {
public:
    using clock = session_directory<int>::clock;
    /// Whose client it is: a user of an issuer; both empty: nobody's in particular.
    struct owner {
        std::string user;
        std::string issuer;
        friend bool operator==(const owner&, const owner&) = default;
    };
    struct limits {
        std::size_t max_clients;
        std::size_t max_topics;  ///< of one client
    };
    struct claimed {
        std::string public_id;
        std::optional<stream_place> previous;  ///< a connection that this one replaces
        std::vector<topic_pattern> topics;     ///< those of the new connection
        bool known = false;                    ///< the client was remembered
        bool values_owed = false;              ///< of a topic that was added
    };

    /// Whether `claim` would take this client now.
    result<> admits(std::string_view token, const owner& who, std::size_t max_clients);
    /// A client that was nobody's becomes that of the first user who claims it. Errors:
    /// `max_clients` (the client is new and there are as many as there may be), `unauthenticated`
    /// (it is a user's, and nobody in particular claims it), `forbidden` (it is another user's).
    result<claimed> claim(std::string_view token, const owner& who, stream_place where,
                          std::vector<topic_pattern> requested, limits most);
    /// The connection at `where` has ended. Does nothing if another took its place.
    void release(std::string_view token, stream_place where, clock::time_point expires) {
        records_.release(token, where, expires);
    }
    void forget(std::string_view token);

    struct lookup {
        std::string token;
        std::string public_id;
        std::optional<stream_place> where;  ///< nothing: between two connections
    };
    /// By token or public id; nothing if nobody has it.
    std::optional<lookup> find(std::string_view name);
    std::vector<topic_pattern> topics_of(std::string_view token);
    /// Nothing if nobody has this public id; a text of another form is given back.
    std::optional<std::string> token_of(std::string_view name) const;

    /// Change what a client listens to; by its stream, or for it while it is away. Errors: those of
    /// `client_topics`; `client_not_found`; for one that is away `send_error`: it has just come.
    enum class presence : std::uint8_t { connected, away };
    result<> add(std::string_view token, presence now, const topic_pattern& t, std::size_t most);
    result<> remove(std::string_view token, presence now, const topic_pattern& t);

    /// The client gets a topic's last values when it comes back: it had not got them all, or the
    /// topic was added while it was away. Until it has them.
    void owe_values(std::string_view token, bool owed) {
        records_.visit(token, [&](const auto&, record& r) { r.values_owed = owed; });
    }

    /// Forgets clients that did not come back in time; a part of them each time. False if nobody is
    /// left.
    bool purge(clock::time_point now);
    std::size_t size() const noexcept { return records_.keys(); }

private:
    struct record {
        std::string public_id;
        owner whose;
        client_topics topics;
        bool values_owed = false;
    };
    static result<> may_claim(const record& r, const owner& who);
    template <class Change>
    result<> change(std::string_view token, presence now, Change&& call);
    void forget_id(std::string_view public_id);

    session_directory<record> records_;
    mutable std::mutex mutex_;        // guards tokens_; taken after a stripe's
    string_map<std::string> tokens_;  ///< by public id
};

}  // namespace carillon
