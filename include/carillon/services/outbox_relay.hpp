// Records and their events as one unit: the transactional outbox.
#pragma once

#include <carillon/hub/hub.hpp>
#include <carillon/store/record_store.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::services {

/// An event and who gets it, as a service hands it to the relay.
struct message {
    audience to;  ///< empty: the listeners of the event's topics, also of the hub's own space
    event what;
    std::string about{};  ///< for whoever records outcomes; empty: nobody does for this message
};

/// A call that its caller may repeat. Keys of one owner are nobody else's.
struct repeatable_call {
    std::string owner;  ///< a user, or empty
    idempotency_key key;
};

struct repetition_limits {
    std::chrono::seconds window = std::chrono::hours(24);  ///< how long a call is remembered
    std::size_t max_calls = 1'000'000;  ///< that are remembered; the oldest goes first
};

/// Writes records together with the events that tell of them: both are there, or neither. The
/// events are published after the commit, in the order of the commits, and what a crash leaves in
/// the outbox is published at the next start. The journal's idempotency key of each makes sure that
/// no event is stored twice. Thread-safe. The hub and the store outlive it.
class outbox_relay {
public:
    using wall_clock = std::function<std::chrono::system_clock::time_point()>;
    outbox_relay(hub& h, store::record_store& records, repetition_limits limits = {},
                 wall_clock now = std::chrono::system_clock::now);
    ~outbox_relay();
    outbox_relay(const outbox_relay&) = delete;
    outbox_relay& operator=(const outbox_relay&) = delete;

    /// Publishes what an earlier life of the server left. `done` runs when all of it was handed to
    /// the hub.
    void start(std::function<void(result<>)> done);

    /// Fills `out` with the messages that belong to what it writes.
    using work = std::function<result<>(store::records&, std::vector<message>& out)>;
    /// The answers to the publishes, in the order of the messages; an error in place of those that
    /// the journal could not store yet. They are stored, and will be published.
    using outcome = std::vector<result<std::vector<published>>>;
    using callback = std::function<void(result<outcome>)>;
    /// `done` runs after the commit and the publishes, on any thread. An error means that nothing
    /// was written and nothing is published.
    void write(work w, callback done);

    /// Within a `work`: the id of what this very call has made before; nothing: it is the first
    /// time, or no such call. Error `conflict`: the key was another call's.
    result<std::optional<std::string>> made_before(
        store::records& r, const std::optional<repeatable_call>& call) const;
    /// Within the `work` that makes it.
    result<> remember(store::records& r, const std::optional<repeatable_call>& call,
                      std::string_view made) const;

    /// What became of a message.
    struct settled {
        result<std::vector<published>> events;
        /// To how many streams each went; empty if that is not known: the publish failed, or an
        /// earlier life of the server has made it.
        std::vector<delivery_receipt> receipts = {};
    };
    /// Gives what to write about a message's outcome, in the transaction that takes it out of the
    /// outbox: after a crash it is published again, with the same answer, and written then. Called
    /// on any thread for each message that is `about` something, whichever life of the server wrote
    /// it. Set it before `start`; an empty one ends that.
    using recorder = std::function<store::record_store::work(const message&, const settled&)>;
    void record_outcomes(recorder r);

    /// Tries again what the journal could not store. Call it now and then.
    void tick();
    /// Forgets some of the calls that are too old; call it now and then.
    void trim();
    /// Messages that are not published yet.
    std::size_t unpublished() const;

    /// The text that a message has in the outbox, and back. Error `invalid_request`: not such a
    /// text.
    static std::string text_of(const message& m);
    static result<message> parse(std::string_view text);

private:
    struct state;
    const std::shared_ptr<state> state_;  ///< shared with the callbacks that are under way
};

}  // namespace carillon::services
