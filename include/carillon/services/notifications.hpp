// Notifications: stored for each recipient, sent to wherever they listen, with a log of what became
// of them.
#pragma once

#include <carillon/hub/hub.hpp>
#include <carillon/services/outbox_relay.hpp>
#include <carillon/store/record_store.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::services {

/// What a sender gives. Texts are UTF-8; `type` or `title` or `message` says something.
struct notification_draft {
    std::string id{};    ///< unique; empty: a random one
    std::string type{};  ///< the application's own, such as "VOCAB_TRAINER"
    std::string action{};
    std::string priority{};
    std::string title{};
    std::string message{};
    std::string data{};                      ///< one JSON value's text, checked; empty: none
    std::string sender{};                    ///< a user, or empty
    std::optional<wire::event_name> name{};  ///< for listeners that go by the event's name
    std::string timestamp{};                 ///< the sender's own, or empty
    std::optional<repeatable_call> call{};   ///< it makes no second notification if it is repeated
};

struct notification_limits {
    std::size_t max_recipients = 10'000;  ///< of one notification; more: `payload_too_large`
    std::size_t max_text = 64u << 10;  ///< bytes of all texts but `data`; more: `event_too_large`
    std::size_t max_page = 1000;       ///< entries of one answer
    std::chrono::seconds max_age = std::chrono::hours(24 * 90);  ///< older ones are trimmed
};

/// Events of this service are of the kind "notification" or "broadcast". Their data is a JSON
/// object with `id` and, where they say something, `type`, `action`, `priority`, `title`,
/// `message`, `data` and `sender`. Thread-safe. What it is given outlives it, and outlives the
/// calls that are under way.
class notifications {
public:
    /// How many streams a user has now.
    using connection_count = std::function<std::size_t(std::string_view user)>;
    using wall_clock = std::function<std::chrono::system_clock::time_point()>;

    notifications(hub& h, outbox_relay& relay, store::record_store& records,
                  connection_count connections, notification_limits limits = {},
                  wall_clock now = std::chrono::system_clock::now);
    ~notifications();
    notifications(const notifications&) = delete;
    notifications& operator=(const notifications&) = delete;

    struct sent {
        std::string id;                 ///< of the notification
        std::vector<published> events;  ///< one for each recipient; empty if they follow later
        bool repeated = false;          ///< an earlier call has made it; `events` is empty
    };
    using sent_callback = std::function<void(result<sent>)>;
    /// Stores and publishes. `done` runs when both are done, or when the journal can store nothing
    /// for the moment: the events follow then. Errors: `invalid_request` (says nothing, an empty
    /// recipient), `conflict` (the id is taken, or the call's key was another's),
    /// `payload_too_large`, `event_too_large`, `unavailable`.
    void notify(notification_draft what, std::vector<std::string> recipients, sent_callback done);
    /// To everyone who listens. It has no recipients, so nobody's list shows it.
    void broadcast(notification_draft what, sent_callback done);

    template <class T>
    using callback = std::function<void(result<T>)>;
    void list(store::inbox_query q, callback<std::vector<store::inbox_entry>> done);
    void count_unread(std::string user, callback<std::uint64_t> done);
    /// Error `not_found`: the user has no such notification, whoever else may.
    void mark_read(std::string user, std::string id, callback<void> done);
    void mark_all_read(std::string user, callback<std::uint64_t> done);
    /// What the user was not there to get: a new stream of theirs begins before it.
    void pending(std::string user, callback<store::pending_deliveries> done);
    /// Streams of the user have had all events up to this position; what was pending is delivered.
    void settle(std::string user, position up_to);
    /// By recipient. Error `not_found`.
    void deliveries(std::string id, std::string after_user, std::size_t limit,
                    callback<std::vector<store::delivery>> done);

    /// Those of all users whose places are below `before`, newest first.
    void newest(std::uint64_t before, std::size_t limit,
                callback<std::vector<store::sent_notification>> done);

    /// Removes some of what is older than the limit; call it now and then.
    void trim();

private:
    result<> check(const notification_draft& what) const;
    event event_of(const notification_draft& what, std::string_view kind) const;
    void broadcast_once(notification_draft what, event e, sent_callback done);
    store::record_store::work outcome_of(const message& m,
                                         const outbox_relay::settled& outcome) const;

    hub& hub_;
    outbox_relay& relay_;
    store::record_store& records_;
    const connection_count connections_;
    const notification_limits limits_;
    const wall_clock now_;
};

}  // namespace carillon::services
