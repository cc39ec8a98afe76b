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
    /// The user whose call this is, if it names users or rooms as it likes: it may address only so
    /// many that have no events yet. Empty: a back end's, or it says nothing that it could make up.
    std::string by{};
};

/// A call that its caller may repeat. Keys of one owner are nobody else's.
struct repeatable_call {
    std::string owner;  ///< a user, or empty
    idempotency_key key;
};

struct outbox_limits {
    std::chrono::seconds window = std::chrono::hours(24);  ///< how long a call is remembered
    std::size_t max_calls = 1'000'000;  ///< that are remembered; the oldest goes first
    /// Events that the journal refuses for the moment and that wait in memory, and as many outcomes
    /// that are not written yet. Others wait in the file, and are read again.
    std::size_t max_waiting = 10'000;
    /// Topics of the journal that calls of one user may make in the window, at once or evenly.
    std::uint64_t new_topics_per_user = 10'000;
    std::chrono::seconds new_topics_window = std::chrono::hours(24 * 7);
    /// Per cent of all topics up to which calls of users may bring the journal.
    std::uint64_t user_topic_share = 50;
};

/// The steps of a message from a record to its event, in order. A start begins with `publishing`.
enum class outbox_step : std::uint8_t {
    written,     ///< beside its record, in a transaction that is not committed yet
    committed,   ///< with its record
    publishing,  ///< about to go to the journal
    published,   ///< stored by the journal; nobody was told
    answered,    ///< whoever wrote it was told; not of a row that an earlier life left
    leaving,     ///< its row goes, with what is said of it, in a transaction that is not committed
    left,        ///< its row is gone
};

/// Writes records together with the events that tell of them: both are there, or neither. The
/// events are published after the commit, for each user and each topic in the order of the commits,
/// as long as no more wait than `max_waiting`, and what a crash leaves in the outbox is published
/// at the next start, however long after. The journal's idempotency key of each makes sure that no
/// event is stored twice; the journal holds it for as long as the row is there. Thread-safe. The
/// hub and the store outlive it.
class outbox_relay {
public:
    using wall_clock = std::function<std::chrono::system_clock::time_point()>;
    /// Sees each step of each message, named by its row; runs on the thread that takes the step.
    using observer = std::function<void(outbox_step, std::uint64_t row)>;
    outbox_relay(hub& h, store::record_store& records, outbox_limits limits = {},
                 wall_clock now = std::chrono::system_clock::now, observer watch = {});
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
    /// was written and nothing is published. Errors besides those of `w` and of the store: what the
    /// hub would say of a message (`event_too_large`, `payload_too_large`, `invalid_request`), and
    /// what a user's call may not add to the journal (`rate_limited`, `unavailable`).
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

    /// Tries again what the journal could not store, takes rows away that are done with, and lets
    /// go of their keys. Call it now and then.
    void tick();
    /// Forgets some of the calls that are too old; call it now and then.
    void trim();
    /// Messages that are not published yet.
    std::size_t unpublished() const;
    /// Calls of users that were refused since they would have made too many topics.
    std::uint64_t refused() const;

    /// The text that a message has in the outbox, and back. Error `invalid_request`: not such a
    /// text.
    static std::string text_of(const message& m);
    static result<message> parse(std::string_view text);

private:
    struct state;
    const std::shared_ptr<state> state_;  ///< shared with the callbacks that are under way
};

}  // namespace carillon::services
