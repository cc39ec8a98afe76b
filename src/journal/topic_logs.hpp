// All topics of a journal by name, with their events in memory: found by pattern, read in one
// order.
#pragma once

#include <carillon/journal/open.hpp>

#include "base/string_map.hpp"
#include "journal/event_order.hpp"
#include "journal/name_index.hpp"
#include "journal/start.hpp"
#include "journal/time_line.hpp"
#include "journal/topic_log.hpp"

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>

namespace carillon {

/// The topics that a reader's patterns match.
struct matched_topics {
    std::vector<const topic_log*> logs;  ///< each once; empty if there are too many
    /// They have so many of the events, or are so many, that looking at all events in their order
    /// is cheaper than merging theirs.
    bool dense = false;
};

/// Not synchronised: the journal's lock guards it.
class topic_logs {
public:
    topic_logs(retention_lookup retention_of, const journal_limits& limits);

    /// Null if nobody has published there.
    topic_log* find(std::string_view name) const;
    /// Adds the topic if need be.
    topic_log& get(std::string_view name);
    std::size_t size() const noexcept { return by_name_.size(); }
    /// So many may be added. Those of which nothing is kept make room when `make_room` is called.
    std::size_t room() const noexcept {
        return max_topics_ - std::min(max_topics_, by_name_.size());
    }

    /// As of `journal::room_for`.
    topic_room room_for(std::span<const topic> topics) const;

    /// Forgets topics of which nothing is kept, where they are too many.
    void make_room() { forget_surplus(); }

    // What a store remembers.
    void restore_forgotten(std::uint64_t trim_mark);
    /// Before topics are restored: how many there will be.
    void expect(std::size_t topics);
    /// Adds a topic with nothing in memory yet; cheapest in the order of names. None is forgotten
    /// before `end_restore`: a topic that looks empty may have events that are pushed later.
    topic_log& restore(std::string_view name, std::int64_t row);
    /// What is kept of it; once.
    void restore_numbers(topic_log& log, std::uint64_t trim_mark, std::uint64_t events,
                         std::uint64_t bytes);
    /// All topics, last values and events of the store were given.
    void end_restore();

    /// Adds an event beyond all others; then it is pushed to each of its topics.
    void add(const event_ptr& e);
    void push(topic_log& log, const event_ptr& e);
    /// The same for an event that `kept` counts already.
    void recall(topic_log& log, const event_ptr& e);
    /// Takes the topic's oldest event from memory.
    event_ptr pop(topic_log& log);
    /// The oldest in memory; null if there is none.
    event_ptr oldest() const { return order_.empty() ? nullptr : order_.front(); }
    /// Takes the oldest from memory; gives how many topics had it there.
    std::size_t pop_oldest();
    /// Notes that retention took the topic's events up to `pos`. The topic may be gone afterwards.
    void note_trimmed(topic_log& log, std::uint64_t pos, std::uint64_t events, std::uint64_t bytes);
    /// Makes an event with `retain` the topic's last value; one without data clears it. An event
    /// that replaces another is a last value only where that one is; so it comes before `erase`.
    void retain(topic_log& log, const event_ptr& e);
    /// With which size `kept_bytes` count an event that was erased.
    enum class erased_size : std::uint8_t {
        first,   ///< as before: a store's index has it so
        present  ///< of what is left
    };
    /// Takes the content of an event in memory, for the one at `by`; its place and topics stay. As
    /// a last value it goes. Gives how many bytes fewer its topics have in memory.
    std::size_t erase(const stored_event& e, position by, erased_size counted);
    /// The event at `pos`, if it is in memory, also as the last value of one of the topics.
    event_ptr at(std::uint64_t pos, const std::vector<topic>& topics) const;

    /// What holds for the topic now.
    const retention& rule_of(topic_log& log);
    void set_retention(retention_lookup retention_of);
    /// Up to `limit` topics from this name on, in order.
    std::vector<topic_log*> from(std::string_view name, std::size_t limit) const {
        return names_.from(name, limit);
    }

    /// The page that the query asks for, as of `now`.
    std::vector<topic_figures> figures(const topic_query& q,
                                       std::chrono::system_clock::time_point now) const;

    /// So many names a reader that finds its topics looks at before it lets others at them.
    static constexpr std::size_t names_at_once = 4096;
    /// Looks at some names; false if there are more of them to look at, by another call. Afterwards
    /// what a reader asks with the same object costs no look at all names.
    bool look_up_some(const matcher_set& patterns) const;
    /// The same for a reader of last values.
    bool look_up_some_for_values(const matcher_set& patterns) const;

    /// A reader that asks with the same object again gets the same answer without a look at all
    /// names.
    matched_topics matching(const matcher_set& patterns) const {
        return matching(patterns, most_to_merge, kept);
    }
    /// Sets what a page says of losses beyond `after`.
    void tell_losses(read_page& page, position after, const matcher_set& patterns,
                     const matched_topics& topics) const;
    /// A page of the events in memory that are shown at `now`.
    read_page read(const read_query& q, std::chrono::system_clock::time_point now) const;
    /// The earliest event in memory with this publisher's id.
    std::optional<found_cursor> find_own_id(std::string_view id, const matcher_set& patterns,
                                            const matched_topics& topics) const;
    /// A page of the last values that are shown at `now`.
    snapshot_page snapshot(const snapshot_query& q,
                           std::chrono::system_clock::time_point now) const;
    /// Whether the reader does without the event, as `read_query::conflate` says.
    bool superseded(const stored_event& e, const read_query& q) const;
    /// The newest events in memory, newest first.
    std::vector<stored_size> newest(const newest_query& q, const matcher_set& patterns,
                                    const matched_topics& topics) const;
    /// What retention took of the topics that a reader may want who asks for what came since `t`,
    /// where `at` is the position just before the first event that was stored then.
    struct taken {
        std::uint64_t newest = 0;             ///< position; 0: nothing
        std::vector<const topic_log*> maybe;  ///< a store knows how old their oldest event is
    };
    taken taken_since(std::chrono::system_clock::time_point t, std::uint64_t at,
                      const matcher_set& patterns, const matched_topics& topics,
                      const time_line& times, std::chrono::system_clock::time_point now) const;
    /// The same for a reader that asks for more than there is.
    std::uint64_t taken_of(const matcher_set& patterns, const matched_topics& topics) const;
    /// Adds to a page the last values of which `read_query::last_values_too` speaks.
    void add_last_values(read_page& page, const read_query& q,
                         std::chrono::system_clock::time_point now) const;
    /// The position just before the first event in memory, of any topic, that may have been stored
    /// at or after `t`, as it looks at `now`; nothing if there is none.
    std::optional<position> before_time(std::chrono::system_clock::time_point t,
                                        const time_line& times,
                                        std::chrono::system_clock::time_point now) const;
    /// Whether everything that is kept of these topics is in memory.
    bool all_in_memory(const matched_topics& topics) const;

    /// Bytes that topics and their events in memory take.
    std::size_t memory() const noexcept { return memory_; }

    // Totals over all topics: an event counts once for each of its topics.
    std::uint64_t kept = 0;
    std::uint64_t kept_bytes = 0;
    std::uint64_t retained_bytes = 0;   ///< of last values
    std::uint64_t trimmed = 0;          ///< events that retention took since the start
    std::uint64_t forgotten_trims = 0;  ///< of topics that are no longer known
    std::uint64_t forgotten = 0;        ///< newest trim mark of topics that are no longer known
    /// Called when a topic without events is forgotten.
    std::function<void(topic_log&)> on_forget = {};

private:
    static constexpr std::size_t most_to_merge = 4096;

    struct name_hash {
        using is_transparent = void;
        std::size_t operator()(const topic_log::owner& log) const noexcept { return log->hash(); }
        std::size_t operator()(std::string_view name) const noexcept {
            return static_cast<std::uint32_t>(string_hash{}(name));
        }
    };
    struct same_name {
        using is_transparent = void;
        static std::string_view of(const topic_log::owner& log) noexcept { return log->name(); }
        static std::string_view of(std::string_view name) noexcept { return name; }
        bool operator()(const auto& a, const auto& b) const noexcept { return of(a) == of(b); }
    };
    using rules = std::map<std::tuple<std::uint64_t, std::uint64_t, std::int64_t>, retention_rule>;
    /// An event that is the last value of some topics.
    struct last_value {
        event_ptr event;
        std::uint32_t topics = 0;
    };

    /// A look at all names for some patterns that is not through yet.
    struct look_up {
        matcher_set patterns;
        pattern_tree tree;  ///< of the patterns
        std::uint64_t all_events = 0;
        std::uint64_t events = 0;  ///< of the topics that were found
        std::string next = {};     ///< the name where it goes on
    };
    /// The newest trim mark, and the newest trim, of some topics.
    struct trim_marks {
        std::uint64_t trimmed = 0;
        std::uint64_t trim_count = 0;

        void note(std::uint64_t mark, std::uint64_t count) noexcept {
            trimmed = std::max(trimmed, mark);
            trim_count = std::max(trim_count, count);
        }
        void note(const topic_log& log) noexcept { note(log.trimmed, log.trim_count); }
    };
    class mark_reader;
    /// Those of very many topics, as far as a look at all names has got.
    struct known_marks {
        trim_marks newest;
        std::uint64_t as_of = 0;  ///< later trims are not in it
        std::string next = {};    ///< the name where the look goes on, if it does
        bool whole = false;
    };
    /// What patterns matched a moment ago: a stream that opens asks several times.
    struct remembered {
        std::weak_ptr<const std::vector<topic_pattern>> patterns;
        std::size_t most = 0;
        std::uint64_t names_version = 0;  ///< changes up to here are in `topics`
        matched_topics topics;
        std::unique_ptr<look_up> under_way;  ///< null: `topics` are all
        std::unique_ptr<known_marks> marks;  ///< null: not asked for
    };
    static constexpr std::size_t most_remembered = 64;
    /// A topic that came, or one that went.
    struct name_change {
        std::string came;
        const topic_log* gone = nullptr;
    };
    static constexpr std::size_t most_changes = 256;
    /// The last trim of a topic.
    struct trim {
        std::uint64_t count = 0;         ///< the journal's when it came
        const topic_log* log = nullptr;  ///< null: there was a later one, or the topic has gone
    };
    static constexpr std::size_t most_trims = 1024;
    /// A mark from before counts as one trim that was not reported yet.
    static constexpr std::uint64_t trims_before_the_start = 1;
    std::uint64_t trim_count() const noexcept { return trims_before_the_start + trimmed; }

    /// Dense with more than `most` topics, or with a share of `events`.
    matched_topics matching(const matcher_set& patterns, std::size_t most,
                            std::uint64_t events) const;
    bool look_up_part(const matcher_set& patterns, std::size_t most, std::uint64_t events) const;
    matched_topics literals_of(const matcher_set& patterns) const;
    remembered& recall(const matcher_set& patterns, std::size_t most, std::uint64_t events) const;
    void begin_look_up(remembered& r, const matcher_set& patterns, std::uint64_t events) const;
    bool go_on(remembered& r, std::size_t looks) const;
    bool follow_changes(remembered& r, const matcher_set& patterns) const;
    void note_change(name_change change);
    bool go_on_with_marks(remembered& r, const matcher_set& patterns, std::size_t looks) const;
    void leave_trims(const topic_log& log);
    bool wants(const matcher_set& patterns, const stored_event& e) const;
    topic_log& create(std::string_view name);
    void set_value(topic_log& log, event_ptr e);
    void note_own_id(topic_log& log, std::string_view id);
    void remember_if_empty(topic_log& log);
    void forget_surplus();
    /// Room for topics that is made where it can be.
    std::size_t spare() const noexcept { return std::min<std::size_t>(1024, max_topics_ / 16 + 1); }
    void leave_order(const stored_event& e);
    bool has_elsewhere(const stored_event& e, const topic_log& but) const;
    snapshot_page sort_values(const snapshot_query& q, const matched_topics& topics,
                              std::chrono::system_clock::time_point now) const;
    snapshot_page scan_values(const snapshot_query& q,
                              std::chrono::system_clock::time_point now) const;
    read_page merge(const read_query& q, const matched_topics& topics,
                    std::chrono::system_clock::time_point now) const;
    read_page scan(const read_query& q, std::chrono::system_clock::time_point now) const;

    retention_lookup retention_of_;
    const std::size_t max_topics_;
    const std::size_t max_empty_topics_;
    std::deque<rules> rules_;  ///< by generation
    retention_rule unasked_;   ///< keeps everything
    boost::unordered_flat_set<topic_log::owner, name_hash, same_name> by_name_;
    name_index names_;
    std::uint64_t names_version_ = 1;  ///< grows when a topic comes or goes
    std::deque<name_change> changes_;  ///< the last of them
    std::deque<trim> trims_;           ///< the last of them, each topic once
    std::uint64_t trims_since_ = 0;    ///< trims beyond this count are in it
    mutable std::vector<remembered> remembered_;
    mutable std::size_t next_to_forget_ = 0;  ///< of these
    event_order order_;
    std::map<std::uint64_t, last_value> values_;  ///< by position
    /// In which topics a publisher's id is in memory.
    struct id_places {
        topic_log* one = nullptr;  ///< if there are not, and were not, more
        std::unique_ptr<boost::unordered_flat_set<topic_log*>> many = {};
    };
    string_map<id_places> own_ids_;
    std::set<std::pair<std::uint64_t, topic_log*>> empty_;  ///< by trim mark: nothing is kept
    std::vector<topic_log*> maybe_empty_;                   ///< while topics are restored
    std::size_t memory_ = 0;
};

}  // namespace carillon
