// The journal in memory: one log of events per topic, the newest that its retention allows.
#pragma once

#include <carillon/journal/open.hpp>

#include "base/string_map.hpp"
#include "journal/epochs.hpp"
#include "journal/memory/side_thread.hpp"
#include "journal/memory/topic_ages.hpp"
#include "journal/topic_logs.hpp"

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

namespace carillon {

class memory_journal final : public journal {
public:
    explicit memory_journal(memory_journal_options options);

    void on_stored(std::function<void(std::span<const event_ptr>)> feed) override {
        feed_ = std::move(feed);
    }
    void append(group events, std::optional<idempotency_key> key, commit_callback done) override;
    void forget_keys(std::string first, std::string end) override;
    void schedule(event e, std::chrono::system_clock::time_point due,
                  std::optional<idempotency_key> key,
                  std::function<void(result<std::uint64_t>)> done) override;
    void cancel(std::uint64_t id, std::function<void(result<bool>)> done) override;
    void list_scheduled(const scheduled_query& q,
                        std::function<void(result<scheduled_page>)> done) override;
    void read(const read_query& q, std::function<void(result<read_page>)> done) override;
    void locate(const start_query& q, std::function<void(result<start_point>)> done) override;
    void snapshot(const snapshot_query& q,
                  std::function<void(result<snapshot_page>)> done) override;
    position head() const override;
    std::string id_of(position p) const override { return epochs_.id_of(p); }
    journal_stats stats() const override;
    std::vector<topic_figures> topics(const topic_query& q) const override;
    topic_room room_for(std::span<const topic> topics) const override;
    result<> health() const override { return {}; }
    void trim(std::chrono::system_clock::time_point now) override;
    void set_retention(retention_lookup retention_of) override;

private:
    using time_point = std::chrono::system_clock::time_point;

    struct request {
        group events;
        std::optional<idempotency_key> key;
        commit_callback done;
        result<appended> outcome = appended::stored;
    };
    /// What an append with a key came to.
    struct remembered {
        std::array<std::uint64_t, 2> body_hash;
        std::uint64_t first = 0;  ///< position, or id of a scheduled event
        std::uint32_t uses = 0;   ///< entries in `keys_by_age_`
        bool known = false;       ///< false: free again
    };
    struct used_key {
        time_point expires;
        const std::string* key;  ///< of the entry in `keys_`
    };
    struct waiting {
        event content;
        std::string key;  ///< empty: none
        std::size_t memory = 0;
    };
    using schedule_place = std::pair<time_point, std::uint64_t>;
    using expiry_place = std::pair<time_point, std::uint64_t>;  ///< and position

    // Committing (memory_journal.cpp).
    bool begin_committing(request r);
    void commit(std::vector<request>& batch);
    result<appended> commit_locked(request& r);
    result<> check_room(const request& r) const;
    void store(const std::shared_ptr<stored_event>& e);
    void trim_front(topic_log& log);
    void enforce_limits(topic_log& log);
    void enforce_total_size();
    void enforce_new_retention();
    void look_at_clock();
    void trim_by_age(time_point now);
    void note_expiry(const event_ptr& e);
    void erase_expired(time_point now);
    time_point age_ends(topic_log& log, time_point now);
    template <class Query, class Answer>
    void answer(const Query& q, bool (topic_logs::*look_up)(const matcher_set&) const,
                Answer (memory_journal::*answered)(const Query&) const,
                std::function<void(result<Answer>)> done);
    read_page read_locked(const read_query& q) const;
    snapshot_page snapshot_locked(const snapshot_query& q) const;
    start_point locate_locked(const start_query& q) const;

    // Keys, and events that wait for their time (waiting.cpp).
    void forget_keys();
    void forget_oldest_key();
    result<std::optional<std::uint64_t>> recall(const idempotency_key& key);
    void remember(idempotency_key key, std::uint64_t first);
    result<std::uint64_t> schedule_locked(event& e, time_point due,
                                          std::optional<idempotency_key>& key);
    std::optional<waiting> take_scheduled(std::uint64_t id);
    void add_scheduled(schedule_place place, waiting w);
    void release_due(time_point now);
    void release(schedule_place place, waiting w);

    // Constant after construction.
    const epochs epochs_;

    std::function<void(std::span<const event_ptr>)> feed_ = [](auto) {};  ///< set before use
    std::vector<event_ptr> fed_;  ///< by the thread that commits; empty between two batches

    // The queue of appends, guarded by queue_mutex_.
    std::mutex queue_mutex_;
    std::condition_variable committer_left_;
    std::vector<request> queue_;
    std::thread::id committer_;  ///< none: nobody commits
    bool relief_wanted_ = false;
    std::size_t relieving_ = 0;  ///< threads that wait to take over

    // The record, guarded by mutex_.
    mutable std::mutex mutex_;
    memory_journal_options options_;
    topic_logs logs_;
    topic_ages ages_;
    std::optional<std::string> unchecked_from_;  ///< topics that new retention was not applied to
    string_map<remembered> keys_;
    std::deque<used_key> keys_by_age_;
    std::map<std::string, remembered> held_keys_;  ///< those that are held
    std::uint64_t keys_forgotten_ = 0;
    time_point upkeep_at_ = time_point::min();  ///< as `trim` was last told
    std::map<schedule_place, waiting> scheduled_;
    boost::unordered_flat_map<std::uint64_t, time_point> scheduled_by_id_;
    std::uint64_t scheduled_bytes_ = 0;
    /// Events that expire, also those that have gone meanwhile: until they are too many.
    std::map<expiry_place, std::weak_ptr<const stored_event>> expiring_;
    std::size_t expiries_to_look_at_ = 1024;
    std::size_t memory_ = 0;  ///< of keys, expiries and events that wait
    std::uint64_t last_scheduled_ = 0;
    std::uint64_t head_ = 0;
    time_line times_;

    side_thread aside_;  ///< for readers whose topics are hard to find; it ends first
};

}  // namespace carillon
