// What is known of one topic, and those of its events that are in memory, oldest first.
#pragma once

#include <carillon/journal/journal.hpp>

#include "base/string_map.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace carillon {

struct name_chunk;

/// How much of some topics is kept, as it was when it was asked for.
struct retention_rule {
    retention keep;
    std::uint32_t generation = 0;  ///< of the rules; an older one may say something else by now
};

/// There may be millions, most of them with an event or two: what few topics have is kept aside,
/// and the name stands behind the object. Not synchronised: the journal's lock guards it.
class topic_log {
public:
    struct deleter {
        void operator()(topic_log* log) const noexcept;
    };
    using owner = std::unique_ptr<topic_log, deleter>;
    static owner make(std::string_view name);

    topic_log(const topic_log&) = delete;
    topic_log& operator=(const topic_log&) = delete;

    std::string_view name() const noexcept {
        return {reinterpret_cast<const char*>(this + 1), name_size_};
    }
    std::uint32_t hash() const noexcept { return hash_; }
    /// The name is looked at soon.
    void prefetch() const noexcept {
        __builtin_prefetch(&name_size_);
        __builtin_prefetch(this + 1);
    }

    bool empty() const noexcept { return all().empty(); }
    const event_ptr& front() const noexcept { return all().front(); }
    std::span<const event_ptr> all() const noexcept {
        if (more_) return std::span(more_->events).subspan(more_->first);
        return {&one_, one_ ? std::size_t{1} : std::size_t{0}};
    }
    std::span<const event_ptr> after(std::uint64_t pos) const noexcept;

    void push(event_ptr e);
    /// Leaves the event's place alone. False if it is not in memory.
    bool erase(std::uint64_t pos, const event_ptr& tombstone);
    /// Takes the oldest from memory; whether it is still kept elsewhere is the caller's business.
    event_ptr pop();

    /// Null: none.
    const event_ptr& retained() const noexcept;
    void set_retained(event_ptr e);

    struct own_id {
        std::uint64_t first = 0;  ///< earliest position in memory
        std::uint32_t count = 0;
    };
    /// What is known of a publisher's id in memory; null: nothing.
    const own_id* find_own_id(std::string_view id) const;
    /// Position of the newest event in memory with this key; 0: none.
    std::uint64_t newest_of_key(std::string_view key) const;

    /// Nothing that is kept is elsewhere.
    bool complete() const noexcept { return all().size() == kept; }
    const retention& keep() const noexcept { return rule.load(std::memory_order_acquire)->keep; }
    bool is_over(std::uint64_t events, std::uint64_t bytes) const noexcept {
        return events != 0 && (events > keep().max_events || bytes > keep().max_bytes);
    }
    bool over_limits() const noexcept { return is_over(kept, kept_bytes); }

    /// Bytes of the object, without what it has aside.
    std::size_t memory() const noexcept;

    /// Not null. A writer that looks a rule up again changes it beside readers, without the lock.
    std::atomic<const retention_rule*> rule = nullptr;
    std::uint64_t kept = 0;        ///< events that retention has left, in memory or in a store
    std::uint64_t kept_bytes = 0;  ///< of `event::size()`
    std::uint64_t trimmed = 0;     ///< position of the newest event that retention took
    std::uint64_t trim_count = 0;  ///< the journal's count of trims when it did
    name_chunk* home = nullptr;    ///< where its name is

    std::int64_t row = 0;  ///< its number in a store; 0: none
    /// What the store's index has of it.
    struct {
        std::uint64_t events = 0;
        std::uint64_t bytes = 0;
        std::uint64_t counted = 0;  ///< events up to here are in these numbers
    } indexed;
    std::uint32_t age_place = 0;  ///< among the topics by age, from 1 on; 0: not there
    bool trim_due = false;

private:
    struct run {
        std::vector<event_ptr> events;
        std::size_t first = 0;  ///< those before it have gone
    };
    /// What few topics have.
    struct rare {
        string_map<own_id> own_ids;
        string_map<std::uint64_t> keys;
        event_ptr retained;
    };

    explicit topic_log(std::string_view name);
    ~topic_log() = default;
    rare& aside();
    void forget_own_id(const stored_event& gone);
    void forget_key(const stored_event& gone);

    event_ptr one_;              ///< the only event
    std::unique_ptr<run> more_;  ///< or all of them
    std::unique_ptr<rare> rare_;
    std::uint32_t hash_;
    std::uint16_t name_size_;
};

}  // namespace carillon
