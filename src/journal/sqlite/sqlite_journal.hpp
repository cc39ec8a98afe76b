// The durable journal: events in a file, the newest also in memory.
//
//   append ─► inbox ─► a transaction for each group ─► recent events in memory ─► callbacks
//                by the appending loop at its turn's end, or by the writer's thread, one at a time
//                the writer's thread between groups: index in batches, trim, in small steps
//   read ─► memory if it goes back far enough, else a reader's thread: the file, then memory
//   a thread of its own copies the write-ahead log into the file (checkpoints)
#pragma once

#include <carillon/journal/open.hpp>

#include "base/string_map.hpp"
#include "journal/epochs.hpp"
#include "journal/sqlite/archive.hpp"
#include "journal/sqlite/checkpointer.hpp"
#include "journal/sqlite/file_lock.hpp"
#include "journal/sqlite/indexer.hpp"
#include "journal/sqlite/store.hpp"
#include "journal/sqlite/writer_inbox.hpp"
#include "journal/topic_logs.hpp"
#include "sqlite/database_files.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <queue>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

namespace carillon {
class room_check;
}

namespace carillon::sqlite {

class sqlite_journal final : public journal {
public:
    static result<std::unique_ptr<journal>> open(sqlite_journal_options options);
    /// Stores what is queued, then ends the threads. What readers still wait for is not answered.
    ~sqlite_journal() override;

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
    position head() const override { return position{head_.load(std::memory_order_acquire)}; }
    std::string id_of(position p) const override { return epochs_.id_of(p); }
    journal_stats stats() const override;
    std::vector<topic_figures> topics(const topic_query& q) const override;
    topic_room room_for(std::span<const topic> topics) const override;
    result<> health() const override;
    void trim(std::chrono::system_clock::time_point now) override;
    void set_retention(retention_lookup retention_of) override;

private:
    using due_topic = std::pair<std::int64_t, std::int64_t>;  ///< milliseconds, row
    using reader_task = std::function<void(archive&)>;

    sqlite_journal(sqlite_journal_options options, file_lock lock, store s);
    result<> load(const write_token& w);
    result<> load_topics(const write_token& w);
    result<> recall(const write_token& w, const std::shared_ptr<stored_event>& e);
    void note_damaged(const write_token& w, std::span<const std::uint64_t> positions);
    result<> start();

    // Of the thread that may write (sqlite_journal.cpp).
    store& store_by(const write_token&) noexcept { return store_; }
    void write();
    void store_here(const write_token& w);
    /// `writing`: for transaction_mutex_; not held during the callbacks.
    void commit(const write_token& w, std::vector<append_request>& requests,
                std::unique_lock<std::mutex> writing);
    result<> store_group(const write_token& w, std::vector<append_request>& requests);
    result<> store_request(const write_token& w, append_request& r, room_check& room,
                           std::uint64_t& head);
    result<> store_consequences(const write_token& w, const stored_event& e);
    void publish_group(const write_token& w, std::vector<append_request>& requests);
    topic_log& add_topic(const topic& t, std::int64_t row);
    void remember(const write_token& w, const std::shared_ptr<stored_event>& e, topic_log& log);
    void evict();
    event_ptr forget_recent(topic_log& log);
    void forget_until(topic_log& log, std::uint64_t pos);
    void report(const result<>& outcome);

    void look_at_clock();
    result<> save_turns(const write_token& w);
    std::int64_t newest_ms() const { return milliseconds(times_.newest()); }

    // Keys, and events that wait for their time (waiting.cpp).
    result<> count_waiting(const write_token& w);
    result<std::optional<std::uint64_t>> recall(const write_token& w, const idempotency_key& key);
    result<> remember(const write_token& w, const idempotency_key& key, std::uint64_t first);
    result<> forget_answers(const write_token& w, std::int64_t now);
    result<result<std::uint64_t>> store_scheduled(const write_token& w, const event& e,
                                                  std::int64_t due,
                                                  const std::optional<idempotency_key>& key);
    result<bool> remove_scheduled(const write_token& w, std::uint64_t id);
    result<> release_due(const write_token& w, std::int64_t now);

    // What the indexer plans (indexing.cpp).
    void begin_indexing();
    result<> check_unindexed() const;
    result<> index_some(const write_token& w);
    result<> index_topic(const write_token& w, index_step& step, std::size_t last);
    result<> leave_out(const write_token& w, std::span<const indexed_event> rows,
                       topic_change& change);
    result<> save(const write_token& w, const topic_row& row);
    void publish_change(const topic_change& c);

    // Upkeep between groups, on the writer's thread (upkeep.cpp).
    bool upkeep(const write_token& w);
    bool has_upkeep() const;
    result<> upkeep_step(const write_token& w);
    void tick(const write_token& w);
    result<> probe(const write_token& w);
    result<> check_files();
    result<> check_writable(const write_token& w);
    result<> store_turns(const write_token& w);
    void make_room();
    void look_for_limits();
    void want_trim(topic_log& log);
    result<> remove_forgotten(const write_token& w);
    result<> trim_some(const write_token& w);
    result<bool> trim_topic(const write_token& w, topic_log& log);
    result<> remove_first(const write_token& w, std::span<const indexed_event> oldest,
                          std::size_t count, const topic_log& from);
    result<> check_age(const write_token& w, std::int64_t now);
    result<std::optional<std::int64_t>> oldest_age_begins(const write_token& w, std::int64_t row);
    result<std::int64_t> age_begins(const write_token& w, std::uint64_t pos);
    void schedule_all_ages();
    result<> erase_expired(const write_token& w, std::int64_t now);
    void schedule_age(std::int64_t row, std::int64_t due);
    std::int64_t age_limit(topic_log& log);
    std::int64_t oldest_allowed(topic_log& log);
    result<> publish_upkeep(transaction& t, const std::function<void()>& change);
    static topic_row row_of(const topic_log& log);
    topic_log* log_of(std::int64_t row) const;
    void look_for_some_limits();

    // Readers (reading.cpp).
    /// What memory knows of the topics that a reader begins with.
    struct in_memory {
        topic_rows topics;
        std::uint64_t indexed = 0;
        std::uint64_t head = 0;
        std::optional<found_cursor> own_id;
        std::optional<position> since;
        std::uint64_t taken = 0;  ///< by retention, of what a reader that rewinds may want
        std::vector<std::pair<std::int64_t, std::uint64_t>> maybe_taken;  ///< topic's row, position
        time_line times;
        std::chrono::system_clock::time_point now;
    };
    void ask(reader_task task);
    void serve_readers(archive& with);
    template <class Then>
    void look_up(const matcher_set& patterns, bool (topic_logs::*part)(const matcher_set&) const,
                 Then then);
    void read_found(const read_query& q, std::function<void(result<read_page>)> done);
    void locate_found(const start_query& q, std::function<void(result<start_point>)> done);
    result<read_page> read_file(archive& a, const read_query& q);
    void tell_damage(read_page& page, position after) const;
    static topic_rows rows_of(const matched_topics& topics);
    result<start_point> find_start(const start_query& q, archive* a);
    result<start_point> start_of(const start_query& q, const in_memory& known, archive* a) const;
    result<start_point> bounded(start_point start, const start_query& q, const in_memory& known,
                                archive* a) const;
    static result<position> before_time(std::chrono::system_clock::time_point t,
                                        const in_memory& known, archive* a);
    static result<std::uint64_t> taken_since(std::chrono::system_clock::time_point t,
                                             const in_memory& known, archive* a);
    result<std::vector<stored_size>> newest_events(const start_query& q, const in_memory& known,
                                                   archive* a, const newest_query& wanted) const;

    // Constant after opening.
    sqlite_journal_options options_;
    file_lock lock_;
    const epochs epochs_;
    database_files files_;  ///< by upkeep

    std::function<void(std::span<const event_ptr>)> feed_ = [](auto) {};  ///< set before use

    const std::shared_ptr<writer_inbox> inbox_;

    mutable std::mutex health_mutex_;
    std::optional<error>
        trouble_;  ///< why the last group could not be stored; guarded by the mutex

    // Accessed only with a `write_token`.
    store store_;  ///< by `store_by`
    boost::unordered_flat_map<std::int64_t, topic_log*> by_row_;
    indexer indexer_;
    std::deque<std::int64_t> over_limit_;
    std::vector<std::int64_t> forgotten_rows_;  ///< still in the file
    string_map<std::int64_t> new_rows_;         ///< of topics that the group under way adds
    std::vector<topic_log*> found_logs_;  ///< its events' topics, one by one; null: it may add it
    std::vector<event_ptr> fed_;          ///< the group's events; empty between two groups
    bool over_limits_seen_ = false;       ///< beyond what is indexed
    std::optional<std::string> unchecked_from_;  ///< topics that new retention was not applied to
    std::optional<error> lost_;                  ///< the file is not where it was
    std::optional<error> upkeep_trouble_;        ///< what failed since the last tick
    std::priority_queue<due_topic, std::vector<due_topic>, std::greater<>> by_age_;
    std::uint64_t released_events_ = 0;  ///< that waited; by the group under way
    std::uint64_t released_bytes_ = 0;
    schedule_place released_upto_;  ///< of what is due, if there is more of it
    time_line times_;
    bool turns_unsaved_ = false;
    bool ages_unknown_ = false;  ///< since a turn: `by_age_` holds times that are wrong
    std::string record_;

    // Held while a transaction is open: a checkpoint that must not meet one takes it.
    std::mutex transaction_mutex_;

    // Held while what is in the index changes, so that a reader's snapshot and the marks that it
    // reads from memory belong together. Taken before mutex_.
    std::mutex snapshot_mutex_;

    // What is known in memory, guarded by mutex_.
    mutable std::mutex mutex_;
    topic_logs logs_;
    time_line turns_;                  ///< for readers: a copy of `times_`, as of its last turns
    std::set<std::uint64_t> damaged_;  ///< positions of events whose topics nobody knows
    std::uint64_t recent_after_ = 0;   ///< every event beyond this position is in memory
    std::uint64_t indexed_ = 0;        ///< the index is complete up to here
    std::size_t recent_events_ = 0;    ///< entries in memory, one for each topic of an event
    std::size_t recent_bytes_ = 0;
    retention_lookup new_retention_;  ///< not applied yet: only the writer role changes topics

    std::atomic<std::uint64_t> head_{0};
    std::atomic<std::size_t> schedules_bytes_{0};  ///< of events whose scheduling is queued
    std::atomic<std::uint64_t> scheduled_events_{0};
    std::atomic<std::uint64_t> scheduled_bytes_{0};
    std::atomic<std::uint64_t> keys_{0};
    std::atomic<std::uint64_t> keys_forgotten_{0};
    std::atomic<std::int64_t> trim_now_{0};  ///< milliseconds, as `trim` was last told

    // Readers, guarded by readers_mutex_.
    std::mutex readers_mutex_;
    std::condition_variable readers_filled_;
    std::deque<reader_task> tasks_;
    bool readers_stopping_ = false;

    checkpointer checkpointer_;

    std::vector<std::thread> threads_;  ///< readers
    std::thread writer_;
};

}  // namespace carillon::sqlite
