// One thread's share of the streams: its subscribers, its routing index, its timers.
#pragma once

#include <carillon/base/timer_wheel.hpp>
#include <carillon/hub/executor.hpp>
#include <carillon/hub/options.hpp>
#include <carillon/hub/stream.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

class hub;
class topic_index;
class interest_filter;
class encode_cache;
class lifeline;
class grant_table;
struct subscriber;
struct topic_node;
struct encoded_event;
struct block;
struct lag;
struct opening;

/// Counters of one shard: written by its thread only, read by any with relaxed loads.
struct shard_counters {
    std::atomic<std::uint64_t> connections{0}, delivered{0}, replayed{0}, bytes{0}, gaps{0},
        slow_cuts{0}, dead_peers{0}, yields{0}, subscribers{0}, behind{0}, topics{0};
};

/// Confined to its executor's thread, but for `wake`, `post` and the counters.
class shard {
public:
    shard(hub& owner, executor& on, unsigned number);
    ~shard();
    shard(const shard&) = delete;
    shard& operator=(const shard&) = delete;

    /// Whether `open` would take this stream now: the errors are its own.
    result<> admits(const stream_request& request) const;

    /// Registers a stream, tells its connection how it begins, and writes its opening event and
    /// whatever it has missed, in that order. Errors, with nothing written: `invalid_request` (no
    /// topic, too many, bad client token), `max_clients`, `unavailable` (draining). On success the
    /// subscriber stays until `remove` or `connection::close`; a connection that breaks while
    /// opening is told by `close` before this returns, with a null subscriber.
    result<subscriber*> open(stream_request request);

    /// The connection takes bytes again.
    void writable(subscriber& s);
    /// The connection is gone. It is not called any more.
    void remove(subscriber& s);
    /// Sends an event that is nobody else's: no position, no id, dropped if the client is behind.
    void heartbeat(subscriber& s);
    result<> subscribe(subscriber& s, const topic_pattern& topic);
    result<> unsubscribe(subscriber& s, const topic_pattern& topic);
    /// Adds the client's own topic; counts against no limit and is listed nowhere.
    result<> listen_privately(subscriber& s, const topic_pattern& topic);
    /// Applies topic options to what is listened to now.
    void reload(const hub_options& options);
    /// Tells the client why, if it can be told, and closes.
    void end(subscriber& s, close_reason why);
    client_info describe(const subscriber& s) const;
    /// What the client itself is told: its token, if it is durable.
    std::string id_of(const subscriber& s) const;
    /// What others are told.
    std::string public_id_of(const subscriber& s) const;

    /// The tail has events for this shard. Thread-safe.
    void wake();
    /// Runs `t` on the shard's thread; `otherwise`, if there is one, when the shard was closed
    /// before. Thread-safe.
    void post(executor::task t, executor::task otherwise = {});
    /// Ends all streams; no task of this shard does anything afterwards. Call it on the shard's
    /// thread.
    void close_all();
    void drain(std::chrono::milliseconds window, std::function<void()> done);

    subscriber* at(std::uint32_t slot) const noexcept;
    subscriber* find(std::string_view client_id) const;  ///< by an id of this shard's making
    /// Appends clients from slot `from` on, looking at `slots` at most. Returns where to go on;
    /// nothing at the end.
    std::optional<std::uint32_t> list(const client_query& q, std::uint32_t from, std::size_t slots,
                                      std::vector<client_info>& into) const;
    unsigned number() const noexcept { return number_; }
    executor& on() const noexcept { return on_; }
    const shard_counters& counters() const noexcept { return counters_; }
    interest_filter& interest() noexcept { return *interest_; }

private:
    using clock = executor::clock;
    using encoded_ptr = std::shared_ptr<encoded_event>;
    /// One block to write, and the position that the client has reached when it is written.
    struct item {
        const std::shared_ptr<const block>* bytes;
        position pos;
        bool is_event;
        bool is_end = false;  ///< of a finite stream
    };
    enum class outcome : std::uint8_t { done, blocked, gone };
    struct page_request;

    // Registration (shard.cpp).
    subscriber& allocate(const stream_request& request);
    void release(subscriber& s);
    result<> add_live(subscriber& s, const topic_pattern& topic);
    bool listens(const subscriber& s, const topic_node* node) const;
    void attach(subscriber& s, const topic_pattern& topic);
    void detach(subscriber& s, topic_node& node);
    void detach_all(subscriber& s);
    result<> claim_durable(subscriber& s, stream_request& request);
    void claim_user(subscriber& s);
    void release_user(const subscriber& s);
    void join(subscriber& s, topic_node& node);
    void leave(topic_node& node, std::size_t place);
    std::vector<std::string> topics_of(const subscriber& s) const;
    void close(subscriber& s, close_reason why);

    // Opening and catching up (replay.cpp).
    void begin(subscriber& s, stream_request& request);
    void on_start(const page_request& asked, result<start_point> start);
    void ask(subscriber& s, position upto, std::uint64_t next_seq, bool drops = false);
    std::shared_ptr<const block> gap_block(const subscriber& s, const gap& lost,
                                           std::string_view reason);
    void page_answered();
    void on_page(const page_request& asked, result<read_page> page);
    void decide_opening(subscriber& s, opening& open, const std::optional<gap>& lost,
                        read_page& page, position upto);
    subscriber* reader_of(const page_request& asked) const;
    template <class Answer>
    auto here(page_request asked, void (shard::*then)(const page_request&, result<Answer>));
    opening_facts facts_of(const subscriber& s) const;
    lost_events told_of(const gap& lost, std::string_view reason) const;
    std::shared_ptr<const block> begin_stream(subscriber& s, const opening& open);
    void append_values(const subscriber& s, const matcher_set& topics, std::string& out) const;
    bool shows(const subscriber& s, encoded_event& e) const;
    bool owed(const subscriber& s, const stored_event& e) const;
    std::optional<lag_limits> limits_of(const subscriber& s, slow_policy policy) const;
    void ask_what_to_drop(subscriber& s, const lag_limits& limits);
    void on_drop_point(const page_request& asked, result<start_point> start);
    void on_dropped(subscriber& s, position upto, bool any);
    void cut_if_far_behind(subscriber& s);
    void on_cut_point(const page_request& asked, result<start_point> start);
    void on_cut_page(const page_request& asked, result<read_page> page);
    subscriber* blocked_still(const page_request& asked) const;
    bool may_ask();
    void catch_up_turn();
    void queue_catch_up(subscriber& s);
    void schedule_catch_up();

    // Live (fan_out.cpp).
    void take_tail();
    void route(const event_ptr& e, std::uint64_t seq);
    void mark_dirty(topic_node& node);
    void schedule_fan_out();
    void fan_out();
    bool pass(topic_node& node, clock::time_point deadline, std::size_t& writes);
    outcome serve(subscriber& s);
    static bool is_end(const subscriber& s, const stored_event& e);
    outcome write(subscriber& s, const std::vector<item>& items);
    outcome write_some(subscriber& s, const item* first, const item* last);
    lag& fall_behind(subscriber& s);
    void block_on(subscriber& s, const item& at, std::size_t offset);
    void lose_live_position();

    // Timers (upkeep.cpp).
    void tick();
    void start_ticking();
    void defer(executor::task t);
    void call_after(clock::duration delay, executor::task t);
    void drain_some(clock::time_point now);
    void schedule(subscriber& s, clock::time_point due);
    void attend(subscriber& s);
    void beat(subscriber& s);
    void cut(subscriber& s);

    // Constant after construction.
    hub& hub_;
    executor& on_;
    const unsigned number_;
    const std::unique_ptr<interest_filter> interest_;
    const std::unique_ptr<topic_index> index_;
    const std::unique_ptr<encode_cache> cache_;
    const std::unique_ptr<lifeline> life_;
    const std::unique_ptr<grant_table> grants_;

    // Own thread only.
    std::vector<std::unique_ptr<subscriber>> slots_;
    std::vector<std::uint32_t> free_;
    timer_wheel<std::uint32_t> wheel_;
    std::vector<std::uint64_t> ticks_;  ///< by slot: its entry in the wheel; 0: none
    bool ticking_ = false;
    position head_;               ///< every event up to here was routed
    std::uint64_t next_seq_ = 0;  ///< sequence on the tail of the next event to route
    std::vector<event_ptr> batch_;
    std::deque<topic_node*> dirty_;
    bool fan_out_scheduled_ = false;
    std::deque<std::uint32_t> catching_up_;
    bool catch_up_scheduled_ = false;
    std::size_t pages_asked_ = 0;  ///< of the journal, and not answered yet
    double replay_left_ = 0;       ///< events that the replay rate allows now
    clock::time_point replay_refilled_{};
    bool replay_waits_ = false;  ///< a timer goes on
    std::vector<encoded_ptr> due_;
    std::vector<item> items_;
    std::vector<topic_node*> matched_;

    // Draining.
    clock::time_point drain_end_{};
    std::uint32_t drain_next_ = 0;
    std::function<void()> drained_;

    shard_counters counters_;
};

}  // namespace carillon
