// The side of the file that writes: one connection, one thread at a time.
#pragma once

#include <carillon/journal/open.hpp>

#include "journal/sqlite/schema.hpp"
#include "sqlite/database.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::sqlite {

/// Times in the file are milliseconds since 1970.
inline std::int64_t milliseconds(std::chrono::system_clock::time_point t) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(t.time_since_epoch()).count();
}
inline std::chrono::system_clock::time_point from_milliseconds(std::int64_t ms) {
    return std::chrono::system_clock::time_point(std::chrono::milliseconds(ms));
}

/// A row of `topic_events`.
struct indexed_event {
    std::int64_t topic = 0;
    std::uint64_t pos = 0;
    std::uint64_t size = 0;
    bool shared = false;  ///< other topics have the event too
    std::string own_id;   ///< empty: none

    /// Its row in `events` and its entry in the index are all there is of it.
    bool plain() const noexcept { return !shared && own_id.empty(); }
    friend auto operator<=>(const indexed_event& a, const indexed_event& b) {
        return a.topic != b.topic ? a.topic <=> b.topic : a.pos <=> b.pos;
    }
    friend bool operator==(const indexed_event&, const indexed_event&) = default;
};

/// A row of `topics`: what holds for the events that are indexed.
struct topic_row {
    std::int64_t row = 0;
    std::string name;
    std::uint64_t trimmed = 0;
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
    std::uint64_t counted = 0;  ///< events up to here are in these numbers and in the index
};

/// The same without the name.
struct topic_numbers {
    std::int64_t row = 0;
    std::uint64_t trimmed = 0;
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
    std::uint64_t counted = 0;
};

struct remembered_answer {
    std::array<std::uint64_t, 2> body_hash{};
    std::uint64_t first = 0;
};

/// Orders the events that wait.
struct schedule_place {
    std::int64_t due = 0;  ///< milliseconds
    std::uint64_t id = 0;
};
struct some_scheduled {
    std::vector<scheduled_event> events;
    std::vector<std::uint64_t> damaged;  ///< ids of those that cannot be read
    bool more = false;
    schedule_place last = {};  ///< of them
};
/// Of one that does not wait any more.
struct taken_schedule {
    std::uint64_t size = 0;
    std::string key;  ///< empty: none
};
struct schedule_totals {
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
};

/// Confined to one thread at a time.
class store {
public:
    static result<store> open(const sqlite_journal_options& options, const std::string& epoch);

    const contents& found() const noexcept { return found_; }
    connection& on() noexcept { return connection_; }

    // For opening.
    result<std::uint64_t> count_topics();
    /// Every topic twice, since each way reads one tree from its beginning to its end: its number
    /// and name, in the order of names, and what is kept of it, in the order of numbers.
    result<> each_topic_name(
        const std::function<void(std::int64_t row, std::string_view name)>& call);
    result<> each_topic(const std::function<void(const topic_numbers&)>& call);
    result<> each_event(std::uint64_t after,
                        const std::function<result<>(std::uint64_t pos, std::int64_t at,
                                                     std::string_view record)>& call);

    // In a transaction.
    result<std::int64_t> add_topic(std::string_view name, std::uint64_t trimmed);
    result<> add_event(std::uint64_t pos, std::int64_t at, std::string_view record);
    result<> add_index(std::span<const indexed_event* const> events);
    result<> save_topic(const topic_row& t);
    result<> remove_topic(std::int64_t row);
    result<> set(std::string_view meta, std::uint64_t value);
    result<std::optional<remembered_answer>> find_answer(std::string_view key, std::int64_t now);
    /// Gives its number: they are counted on.
    result<std::uint64_t> add_answer(std::string_view key, const remembered_answer& a,
                                     std::int64_t expires);
    /// If it is the one that came to `first`.
    result<> free_answer(std::string_view key, std::uint64_t first);
    /// Of the oldest `limit`, those that have expired. Gives how many; so do the next ones.
    result<std::size_t> forget_answers(std::int64_t now, std::size_t limit);
    result<std::size_t> forget_answers_until(std::uint64_t number);
    // Those that are held are kept apart: they have neither an end nor a number.
    result<std::optional<remembered_answer>> find_held(std::string_view key);
    result<> hold_answer(std::string_view key, const remembered_answer& a);
    result<> forget_held(std::string_view first, std::string_view end);
    /// At least: some in between may be free again.
    result<std::uint64_t> count_answers();
    /// Why the file could not be written when it was opened, so that its epoch is not saved yet.
    const std::optional<error>& unwritable() const noexcept { return unwritable_; }
    result<> save_epoch(journal_sync sync);
    /// None is kept beyond `latest`. Looks at all of them.
    result<> shorten_answers(std::int64_t latest);
    /// In place of those that are there.
    result<> save_turns(std::span<const time_line::turn> turns);

    /// The topic's oldest indexed events.
    result<std::vector<indexed_event>> oldest(std::int64_t topic, std::uint64_t upto,
                                              std::size_t limit);
    result<std::optional<std::int64_t>> stored_at(std::uint64_t pos);
    /// From history, or what is left of it as a last value. Null if it is in neither.
    result<std::shared_ptr<stored_event>> read(std::uint64_t pos);
    /// Takes an event whose record is damaged; readers of all topics are told.
    result<> give_up(std::uint64_t pos);
    /// Takes the content of an event, for the one at `by`: its place and topics stay.
    result<> erase(const stored_event& e, position by);
    /// `record` empty: the topic has no last value any more.
    result<> retain(std::int64_t topic, std::uint64_t pos, std::int64_t at,
                    std::string_view record);
    /// Only where the last value is the event at `of`.
    result<> retain_instead(std::int64_t topic, std::uint64_t of, std::uint64_t pos,
                            std::int64_t at, std::string_view record);
    result<> each_retained(
        const std::function<void(std::int64_t topic, std::shared_ptr<stored_event>)>& call);
    result<std::uint64_t> add_scheduled(std::int64_t due, const event& e, std::string_view key);
    /// Nothing if it is not there.
    result<std::optional<taken_schedule>> remove_scheduled(std::uint64_t id);
    result<schedule_totals> count_scheduled();
    /// Those behind `after` that are due until `until`, soonest first, until there are so many or
    /// `max_bytes` of `event::size()`.
    result<some_scheduled> scheduled(schedule_place after, std::int64_t until, std::size_t limit,
                                     std::size_t max_bytes);
    result<> add_expiry(std::int64_t at, std::uint64_t pos);
    result<std::vector<std::uint64_t>> expired(std::int64_t now, std::size_t limit);
    result<> forget_expiries(std::int64_t now, std::uint64_t pos);
    /// Takes events that are plain, in order of position, and leaves their entries in the index.
    result<> remove_events(std::span<const indexed_event> events);
    result<> remove_index_until(std::int64_t topic, std::uint64_t pos);
    /// Takes one event from a topic; the event itself goes with its last topic.
    result<> remove(const indexed_event& e, const std::function<bool(std::string_view)>& kept_by);

private:
    result<> prepare();

    connection connection_;
    contents found_;
    std::optional<error> unwritable_;
    statement add_topic_, add_event_, add_index_, add_indexes_, add_own_id_, save_topic_,
        remove_topic_, set_, find_answer_, add_answer_, free_answer_, find_held_, hold_answer_,
        forget_held_, forget_answers_, forget_answers_until_, count_answers_, shorten_answers_,
        add_turn_, oldest_, read_, remove_index_, remove_own_id_, remove_event_, remove_events_,
        remove_index_until_, rewrite_, add_expiry_, expired_, forget_expiry_, retain_,
        retain_instead_, release_, release_topic_, read_retained_, add_damaged_, add_scheduled_,
        remove_scheduled_, scheduled_;
    std::int64_t next_row_ = 1;  ///< of `topics`
    std::string record_;
};

}  // namespace carillon::sqlite
