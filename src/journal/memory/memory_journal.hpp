// The journal in memory: one log of events per topic, the newest that its retention allows.
#pragma once

#include <carillon/journal/journal.hpp>

#include "base/string_map.hpp"
#include "journal/epochs.hpp"
#include "journal/topic_logs.hpp"

#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace carillon {

class memory_journal final : public journal {
public:
    explicit memory_journal(memory_journal_options options);

    void on_stored(std::function<void(std::span<const event_ptr>)> feed) override {
        feed_ = std::move(feed);
    }
    void append(group events, std::optional<idempotency_key> key, commit_callback done) override;
    void schedule(event e, std::chrono::system_clock::time_point due,
                  std::optional<idempotency_key> key,
                  std::function<void(result<std::uint64_t>)> done) override;
    void cancel(std::uint64_t id, std::function<void(result<bool>)> done) override;
    void list_scheduled(std::size_t limit,
                        std::function<void(result<std::vector<scheduled_event>>)> done) override;
    void read(const read_query& q, std::function<void(result<read_page>)> done) override;
    void locate(const start_query& q, std::function<void(result<start_point>)> done) override;
    void snapshot(const snapshot_query& q,
                  std::function<void(result<snapshot_page>)> done) override;
    position head() const override;
    std::string id_of(position p) const override { return epochs_.id_of(p); }
    journal_stats stats() const override;
    result<> health() const override { return {}; }
    void trim(std::chrono::system_clock::time_point now) override;
    void set_retention(retention_lookup retention_of) override;

private:
    struct request {
        group events;
        std::optional<idempotency_key> key;
        commit_callback done;
        result<appended> outcome = appended::stored;
    };
    /// What an append with a key came to.
    struct remembered {
        std::array<std::uint64_t, 2> body_hash;
        std::uint64_t first;  ///< position, or id of a scheduled event
        std::chrono::system_clock::time_point expires;
    };

    void commit(std::vector<request>& batch);
    result<appended> commit_locked(request& r);
    void store(const std::shared_ptr<stored_event>& e);
    void release_due(std::chrono::system_clock::time_point now);
    void trim_front(topic_log& log);
    void enforce_limits(topic_log& log);
    void enforce_total_size();
    void look_at_clock();
    void forget_keys();
    result<std::optional<std::uint64_t>> recall(const idempotency_key& key);
    void remember(idempotency_key key, std::uint64_t first);
    start_point locate_locked(const start_query& q) const;

    // Constant after construction.
    const epochs epochs_;

    std::function<void(std::span<const event_ptr>)> feed_ = [](auto) {};  ///< set before use
    std::vector<event_ptr> fed_;  ///< by the thread that commits; empty between two batches

    // The queue of appends, guarded by queue_mutex_.
    std::mutex queue_mutex_;
    std::vector<request> queue_;
    bool committing_ = false;

    // The record, guarded by mutex_.
    mutable std::mutex mutex_;
    memory_journal_options options_;
    topic_logs logs_;
    string_map<remembered> keys_;
    std::deque<std::pair<std::chrono::system_clock::time_point, std::string>> keys_by_age_;
    std::map<std::pair<std::chrono::system_clock::time_point, std::uint64_t>, event> scheduled_;
    std::uint64_t last_scheduled_ = 0;
    std::uint64_t head_ = 0;
    std::uint64_t trim_resume_ = 0;
    time_line times_;
};

}  // namespace carillon
