// The journal in memory: one log of events per topic, the newest that its retention allows.
#pragma once

#include <carillon/base/string_map.hpp>
#include <carillon/journal/journal.hpp>

#include "journal/topic_log.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace carillon {

class memory_journal final : public journal {
public:
    explicit memory_journal(memory_journal_options options);

    void append(group events, commit_callback done) override;
    void read(const read_query& q, std::function<void(result<read_page>)> done) override;
    std::optional<found_cursor> find(std::string_view last_event_id,
                                     topic_patterns patterns) override;
    position before_last(std::uint64_t count, topic_patterns patterns) override;
    position before_time(std::chrono::system_clock::time_point t, topic_patterns patterns) override;
    position head() const override;
    std::string_view epoch() const override { return epoch_; }
    journal_stats stats() const override;
    void trim(std::chrono::system_clock::time_point now) override;
    void set_retention(retention_lookup retention_of) override;

private:
    struct request {
        group events;
        commit_callback done;
    };

    void commit(request& r);
    void store(const std::shared_ptr<stored_event>& e);
    topic_log& log_of(const std::string& name);
    /// False if that was the last one: the topic itself may be gone then.
    bool trim_front(topic_log& log);
    void remember_empty(topic_log& log);
    void enforce_total_size();
    std::vector<const topic_log*> matching(topic_patterns patterns) const;
    bool may_be_forgotten(topic_patterns patterns, std::size_t found) const noexcept;
    read_page read_locked(const read_query& q) const;

    // Constant after construction.
    const std::string epoch_;

    // The queue of appends, guarded by queue_mutex_.
    std::mutex queue_mutex_;
    std::vector<request> queue_;
    bool committing_ = false;

    // The record, guarded by mutex_.
    mutable std::mutex mutex_;
    memory_journal_options options_;
    string_map<std::unique_ptr<topic_log>> topics_;
    std::set<std::string_view> sorted_;  ///< names, for patterns
    std::set<std::pair<std::uint64_t, topic_log*>>
        by_front_;  ///< oldest event of each topic that has one
    std::set<std::pair<std::uint64_t, topic_log*>>
        empty_;  ///< trim mark of topics that became empty
    std::uint64_t head_ = 0;
    std::uint64_t forgotten_ = 0;  ///< newest trim mark of topics that are no longer kept
    std::uint64_t forgotten_trims_ = 0;
    std::uint64_t trim_resume_ = 0;
    std::uint64_t total_events_ = 0;
    std::uint64_t total_bytes_ = 0;
    std::uint64_t trimmed_ = 0;
    std::chrono::system_clock::time_point now_{};
};

}  // namespace carillon
