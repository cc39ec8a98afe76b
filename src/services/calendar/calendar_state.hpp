// What the parts of the calendar service share.
#pragma once

#include <carillon/services/calendar.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::services {

/// Synchronised inside.
struct calendar::state : std::enable_shared_from_this<state> {
    state(outbox_relay& r, store::record_store& s, calendar_limits l, wall_clock n)
        : relay(r), records(s), limits(l), now(std::move(n)) {}

    outbox_relay& relay;
    store::record_store& records;
    const calendar_limits limits;
    const wall_clock now;

    std::mutex mutex;                                   // guards all below
    std::multimap<store::time_point, std::string> due;  ///< when to look at which event
    bool started = false;

    void load(std::string after, callback<void> done);
    std::optional<store::time_point> next_look(const store::calendar_event& e,
                                               store::time_point seen) const;
    void schedule(const store::calendar_event& e);
    result<std::uint64_t> remind(store::records& r, const store::calendar_event& e,
                                 store::time_point occurrence, std::chrono::seconds lead,
                                 std::vector<message>& out) const;
    /// What an event is due to be reminded of. Read and computed beside the writer, which then only
    /// inserts: a rule may take a while.
    struct due_reminder {
        store::time_point occurrence;
        std::chrono::seconds lead;
    };
    struct look {
        store::calendar_event e;
        std::vector<due_reminder> due;
        store::time_point at{};  ///< up to here reminders that are due are among them
    };
    using looks = std::vector<look>;
    result<std::vector<due_reminder>> due_of(const store::calendar_event& e,
                                             store::time_point at) const;
    void look_at(std::string id);
    void plan(const look& last);
    void look_again(const std::string& id, const error& why);
    /// How many reminders go out; events that have changed meanwhile are passed over.
    void send(std::shared_ptr<const looks> all, callback<std::uint64_t> done,
              std::optional<repeatable_call> call = {});
    /// The answer that the call has got before; nothing: it has not.
    result<std::optional<std::uint64_t>> count_of(store::records& r,
                                                  const std::optional<repeatable_call>& call) const;
    struct sweep;
    void sweep_on(std::shared_ptr<sweep> s);
    void end_sweep(std::shared_ptr<sweep> s);
    /// Looks at what is stored, and may complete the event.
    using check_first = std::function<result<>(store::records&, store::calendar_event&)>;
    struct change {
        std::string_view action;
        check_first check;
        std::optional<repeatable_call> call = {};
        std::string by = {};  ///< the user whose call it is, as `message` has it
    };
    void save(store::calendar_event e, change how, callback<std::string> done);
};

/// Events that are read at once.
inline constexpr std::size_t calendar_page = 256;

std::unexpected<error> unknown_calendar_event();

/// What tells users of an event, or of an occurrence of it.
message calendar_message(const store::calendar_event& e, std::string_view action,
                         std::vector<std::string> users,
                         std::optional<store::time_point> occurrence = {});

}  // namespace carillon::services
