// All topics of a journal by name, with their events in memory: found by pattern, read in one
// order.
#pragma once

#include <carillon/journal/journal.hpp>

#include "base/string_map.hpp"
#include "journal/start.hpp"
#include "journal/time_line.hpp"
#include "journal/topic_log.hpp"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon {

/// Not synchronised: the journal's lock guards it.
class topic_logs {
public:
    topic_logs(retention_lookup retention_of, std::size_t max_empty_topics);

    /// Null if nobody has published there.
    topic_log* find(std::string_view name) const;
    /// Adds the topic if need be.
    topic_log& get(const std::string& name);
    /// What a store remembers of topics that it has forgotten. Before `restore`.
    void restore_forgotten(std::uint64_t trim_mark);
    /// Adds a topic as a store remembers it, with nothing in memory yet. None is forgotten before
    /// `end_restore`: a topic that looks empty may have events that are pushed later.
    topic_log& restore(const std::string& name, std::int64_t row, std::uint64_t trim_mark,
                       std::uint64_t events, std::uint64_t bytes);
    /// All topics, last values and events of the store were given.
    void end_restore();
    void push(topic_log& log, const event_ptr& e);
    /// The same for an event that `kept` counts already.
    void recall(topic_log& log, const event_ptr& e);
    /// Takes the topic's oldest event from memory.
    event_ptr pop(topic_log& log);
    /// Notes that retention took the topic's events up to `pos`. The topic may be gone afterwards.
    void note_trimmed(topic_log& log, std::uint64_t pos, std::uint64_t events, std::uint64_t bytes);
    /// The topic whose oldest event in memory is the oldest of all; null if there is none.
    topic_log* oldest() const;
    /// Topics from `from` on by their oldest event in memory; at most `limit`.
    std::vector<topic_log*> by_age(std::uint64_t from, std::size_t limit) const;
    void set_retention(retention_lookup retention_of);
    const retention_lookup& retention_of() const noexcept { return retention_of_; }

    /// Each once.
    std::vector<const topic_log*> matching(const matcher_set& patterns) const;
    /// Sets what a page says of losses beyond `after`.
    void tell_losses(read_page& page, position after, const matcher_set& patterns,
                     const std::vector<const topic_log*>& logs) const;
    /// A page of the events in memory that are shown at `now`.
    read_page read(const read_query& q, std::chrono::system_clock::time_point now) const;
    /// The event at `pos`, if it is in memory under one of the topics, or the last value of one.
    event_ptr at(std::uint64_t pos, const std::vector<topic>& topics) const;
    /// Takes the content of an event in memory, for the one at `by`; its place and topics stay. As
    /// a last value it goes.
    void erase(const stored_event& e, position by);
    /// The earliest event in memory with this publisher's id.
    std::optional<found_cursor> find_own_id(std::string_view id,
                                            const std::vector<const topic_log*>& logs) const;
    /// A page of the last values that are shown at `now`.
    snapshot_page snapshot(const snapshot_query& q,
                           std::chrono::system_clock::time_point now) const;
    /// Whether the reader does without the event, as `read_query::conflate` says.
    bool superseded(const stored_event& e, const read_query& q) const;
    /// The newest events in memory, newest first.
    std::vector<stored_size> newest(const newest_query& q,
                                    const std::vector<const topic_log*>& logs) const;
    /// The position just before the first event in memory that was stored at or after `t`.
    std::optional<position> before_time(std::chrono::system_clock::time_point t,
                                        const std::vector<const topic_log*>& logs,
                                        const time_line& times) const;

    template <class Callback>
    void each(Callback&& call) {
        for (const auto& [name, log] : topics_) call(*log);
    }
    std::size_t size() const noexcept { return topics_.size(); }

    // Totals over all topics: an event counts once for each of its topics.
    std::uint64_t kept = 0;
    std::uint64_t kept_bytes = 0;
    std::uint64_t trimmed = 0;          ///< events that retention took since the start
    std::uint64_t forgotten_trims = 0;  ///< of topics that are no longer known
    std::uint64_t forgotten = 0;        ///< newest trim mark of topics that are no longer known
    /// Called when a topic without events is forgotten.
    std::function<void(const topic_log&)> on_forget = {};

private:
    using by_position = std::set<std::pair<std::uint64_t, topic_log*>>;

    void remember_if_empty(topic_log& log);
    void forget_surplus();

    retention_lookup retention_of_;
    const std::size_t max_empty_topics_;
    string_map<std::unique_ptr<topic_log>> topics_;
    std::set<std::string_view> sorted_;  ///< names, for patterns
    by_position by_front_;               ///< oldest event in memory of each topic that has one
    by_position empty_;                  ///< trim mark of topics of which nothing is kept
};

}  // namespace carillon
