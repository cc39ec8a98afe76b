// Calendar events with recurrence, and reminders of them.
#pragma once

#include <carillon/services/outbox_relay.hpp>
#include <carillon/store/record_store.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::services {

struct calendar_limits {
    std::size_t max_attendees = 1000;
    std::size_t max_reminders = 8;              ///< of one event
    std::size_t max_text = 64u << 10;           ///< bytes of title, rule and data together
    std::size_t max_copied = 4u << 20;          ///< bytes of what attendees are told, together
    std::size_t max_events = 1000;              ///< of one owner that is no back end
    std::size_t max_page = 1000;                ///< events of one answer
    std::chrono::hours max_window{24 * 31};     ///< of "what starts soon"
    std::size_t max_reminded = 1000;            ///< occurrences of one event in that window
    std::chrono::hours keep_reminders{24 * 7};  ///< after the occurrence
    std::chrono::seconds max_age{0};  ///< events that began once and longer ago go; 0: never
};

/// Attendees get notice of what changes and of what begins, by events of the kind
/// "calendar" with the names `calendar_event_created`, `…_updated`, `…_deleted` and
/// `…_reminder`. A reminder goes out once for each attendee, occurrence and time before it,
/// whatever restarts and repeated calls there are; one that fell due while the server was down goes
/// out at the start, unless the occurrence has begun by then. Thread-safe. What it is given
/// outlives it, and outlives the calls that are under way.
class calendar {
public:
    using wall_clock = std::function<std::chrono::system_clock::time_point()>;

    calendar(outbox_relay& relay, store::record_store& records, calendar_limits limits = {},
             wall_clock now = std::chrono::system_clock::now);
    ~calendar();
    calendar(const calendar&) = delete;
    calendar& operator=(const calendar&) = delete;

    template <class T>
    using callback = std::function<void(result<T>)>;
    /// Reads what is to be reminded of. Until then `tick` does nothing.
    void start(callback<void> done);

    enum class rights : std::uint8_t { owner, admin };
    /// Creates an event; without an id it gets a random one, which is the answer. `owner` is
    /// whoever calls. A repeated `call` creates nothing and has the first one's answer. Errors:
    /// `invalid_request` naming the field, `event_too_large`, `payload_too_large` (what its
    /// attendees would be told together; the owner has as many events as they may), `conflict` (the
    /// id is taken, or the call's key was another's), `rate_limited` (attendees without events that
    /// one user may name in a while), `unavailable`. What is said of an owner's events and of their
    /// attendees does not hold for an admin, or a back end, who may name all users.
    void create(store::calendar_event e, callback<std::string> done,
                std::optional<repeatable_call> call = {}, rights as = rights::owner);
    /// Changes one. Error `not_found` also for whoever is not its owner, unless an admin; others as
    /// of `create`.
    void change(store::calendar_event e, std::string user, rights as, callback<void> done);
    void remove(std::string id, std::string user, rights as, callback<void> done);
    /// Error `not_found` also for a user who neither owns nor attends it, unless an admin.
    void find(std::string id, std::string user, rights as, callback<store::calendar_event> done);
    /// What the user owns or attends, by id; for an admin without a user: all.
    void list(std::string user, std::string after_id, std::size_t limit,
              callback<std::vector<store::calendar_event>> done);

    /// Reminds the attendees of what starts within `window` from now; how many reminders went out.
    /// A repeated call has the first one's answer, as of `remind_of`. Errors: `invalid_request` (a
    /// window that is negative or too long), `conflict` (the call's key was another's).
    void remind_of_upcoming(std::chrono::seconds window, callback<std::uint64_t> done,
                            std::optional<repeatable_call> call = {});
    /// Reminds of the next occurrence of one event. Errors: `not_found` (no such event, or it does
    /// not take place any more), `conflict`.
    void remind_of(std::string id, callback<std::uint64_t> done,
                   std::optional<repeatable_call> call = {});

    /// Sends the reminders that are due; call it every second or so.
    void tick();
    /// Removes some of what is older than the limit; call it now and then.
    void trim();

private:
    struct state;
    const std::shared_ptr<state> state_;  ///< shared with the calls that are under way
};

}  // namespace carillon::services
