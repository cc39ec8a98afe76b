// What is behind a shard: its subscribers, its routing index, its timers.
#pragma once

#include <carillon/hub/shard.hpp>

#include "base/timer_wheel.hpp"
#include "hub/delivery.hpp"
#include "hub/encoded_event.hpp"
#include "hub/lifeline.hpp"
#include "hub/replayer.hpp"
#include "hub/subscriber.hpp"
#include "hub/tail.hpp"
#include "hub/topic_index.hpp"
#include "hub/visibility.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// Finds a stream again that may have ended, and its slot have another.
struct stream_name {
    std::uint32_t slot = 0;
    std::array<std::uint8_t, 16> key{};
};

/// Confined to its executor's thread, but for `wake`, `post`, `interest` and the counters.
class shard::impl {
public:
    using clock = executor::clock;

    impl(hub& owner, executor& on, unsigned number);

    // What `shard` promises, and what the hub needs of it (registration.cpp, clients.cpp).
    result<> admits(const stream_request& request) const;
    result<subscriber*> open(stream_request request);
    void remove(subscriber& s) { release(s); }
    result<> subscribe(subscriber& s, const topic_pattern& topic);
    result<> unsubscribe(subscriber& s, const topic_pattern& topic);
    /// Adds the client's own topic; counts against no limit and is listed nowhere.
    result<> listen_privately(subscriber& s, const topic_pattern& topic);
    /// Applies topic options to what is listened to now.
    void reload(const hub_options& options);
    client_info describe(const subscriber& s) const;
    std::string id_of(const subscriber& s) const;
    std::string public_id_of(const subscriber& s) const;
    subscriber* at(std::uint32_t slot) const noexcept;
    static stream_name name_of(const subscriber& s) noexcept;
    subscriber* find(const stream_name& name) const noexcept;  ///< null: it has ended
    subscriber* find(std::string_view client_id) const;        ///< by an id of this shard's making
    /// Appends clients from slot `from` on, looking at `slots` at most. Returns where to go on;
    /// nothing at the end.
    std::optional<std::uint32_t> list(const client_query& q, std::uint32_t from, std::size_t slots,
                                      std::vector<client_info>& into) const;
    /// Calls `found` for each stream that the query asks for, in the slots from `from` up to
    /// `from + slots`. `found` may end the stream.
    void each(const client_query& q, std::uint32_t from, std::size_t slots,
              const std::function<void(subscriber&)>& found) const;
    std::size_t slots() const noexcept { return slots_.size(); }
    /// Lets a stream listen to a room, or not any more, as the directory of users has it now.
    void follow_room(std::uint32_t slot, std::uint64_t user_number, const topic& room);
    unsigned number() const noexcept { return number_; }
    executor& on() const noexcept { return on_; }
    const shard_counters& counters() const noexcept { return counters_; }
    interest_filter& interest() noexcept { return interest_; }
    const topic_index& topics() const noexcept { return index_; }

    // Time and tasks (upkeep.cpp).
    /// Runs `t` on the shard's thread; `otherwise`, if there is one, when the shard was closed
    /// before. Thread-safe.
    void post(executor::task t, executor::task otherwise = {});
    void defer(executor::task t);
    void call_after(clock::duration delay, executor::task t);
    /// Ends all streams; no task of this shard does anything afterwards. Call it on the shard's
    /// thread.
    void close_all();
    void drain(std::chrono::milliseconds window, std::function<void()> done);
    void heartbeat(subscriber& s);
    /// Keeps time, though no stream is here: something else waits for its end.
    void start_ticking();
    result<std::vector<std::string>> renew(
        subscriber& s, const std::shared_ptr<const identity>& who,
        const std::function<bool(const topic_pattern&)>& may_listen);
    /// Has a look at the stream at `due`, or sooner.
    void schedule(subscriber& s, clock::time_point due);
    /// Closes a stream that is too slow for its topics.
    void cut(subscriber& s);
    /// The first heartbeat of a stream is an interval away.
    void schedule_heartbeat(subscriber& s) {
        schedule(s, on_.now() + s.profile->heartbeat_interval);
    }

    // Live delivery (fan_out.cpp).
    /// The tail has events for this shard. Thread-safe.
    void wake();
    /// Routes what the tail has, if it was not yet.
    void take_tail();
    /// Whether the stream is shown the event; decided in visibility.hpp.
    bool shows(const subscriber& s, encoded_event& e) const;
    /// Calls `add` with each event that was routed for the stream since it was last served, by
    /// topic; afterwards the stream has had them.
    template <class Add>
    void take_due(subscriber& s, Add&& add);

    // Writing (delivery.cpp).
    outcome write(subscriber& s, std::span<const item> items);
    void writable(subscriber& s);
    /// Makes the stream behind, if it is not.
    backlog& fall_behind(subscriber& s);
    /// Everything before `seen_seq` on the tail is done for this stream.
    void go_live(subscriber& s);
    void end(subscriber& s, close_reason why);
    void close(subscriber& s, close_reason why);
    /// For lack of memory a stream ends, and its client comes back with its cursor; what the call
    /// left half done goes with it. False if that was so.
    template <class Call>
    bool guarded(const stream_name& name, Call&& call);
    /// What every opening says; the verdict and what follows of it is not there yet.
    opening_facts facts_of(const subscriber& s) const;
    /// The id with which the client comes back to what it has not got yet.
    std::string resume_id(const subscriber& s) const;
    std::shared_ptr<const block> control(const subscriber& s, std::string_view text) const {
        return encode_cache::control(s.form, text);
    }
    item event_item(const subscriber& s, encoded_event& e);
    /// The users in the topics whose presence the stream may see (presence.cpp).
    /// `only`: of this topic; empty: of all.
    void append_presence(const subscriber& s, std::string& out, std::string_view only = {}) const;

    // For the replayer.
    hub& owner() const noexcept { return hub_; }
    journal& record() const;
    encode_cache& cache() noexcept { return cache_; }
    shard_counters& count() noexcept { return counters_; }
    tail::end tail_end() const;

private:
    // Registration.
    result<> holds(const identity& who) const;
    void keep(subscriber& s, const identity& who);
    void drop_refused(std::vector<topic_pattern>& topics, const stream_request& request);
    bool is_full(const stream_profile& for_one_of) const;
    result<> count_in(const stream_profile& p);
    void count_out(const stream_profile& p) noexcept;
    subscriber& allocate(const stream_request& request);
    result<subscriber*> fill(subscriber& s, stream_request& request);
    void note_facts(subscriber& s, const stream_request& request);
    void release(subscriber& s);
    result<> claim_durable(subscriber& s, stream_request& request);
    void claim_user(subscriber& s, stream_request& request);
    void release_user(const subscriber& s);
    result<> add_live(subscriber& s, const topic_pattern& topic, bool wants_values);
    bool listens(const subscriber& s, const topic_node* node) const;
    topic_node& node_of(const topic_pattern& topic);
    topic_node& attach(subscriber& s, const topic_pattern& topic);
    void detach(subscriber& s, topic_node& node);
    void detach_all(subscriber& s);
    void join(subscriber& s, topic_node& node);
    void leave(topic_node& node, std::size_t place);
    void leave_empty(topic_node& node);
    std::vector<std::string> topics_of(const subscriber& s) const;

    // Live delivery.
    void route(const event_ptr& e, std::uint64_t seq);
    void mark_dirty(topic_node& node);
    void schedule_fan_out();
    void fan_out();
    bool pass(topic_node& node, clock::time_point deadline, std::size_t& writes);
    outcome serve(subscriber& s);
    outcome serve_due(subscriber& s);
    void lose_live_position();

    // Receipts (receipts.cpp).
    void watch(encoded_event& e);
    void count_handed(const subscriber& s, outcome how);
    void unwatch(encoded_event& e);
    void unwatch_all();

    // Presence (presence.cpp).
    void note_presence(subscriber& s, topic_node& node);
    void note_absence(const subscriber& s, const topic_node& node);
    outcome tell_presence(subscriber& s, std::string_view only = {});
    void settle_presence(clock::time_point now);

    // Writing.
    outcome write_some(subscriber& s, std::span<const item> items);
    static void advance(subscriber& s, const item& to);
    void block_on(subscriber& s, const item& at, std::size_t offset);

    // Timers.
    void tick();
    bool purge(clock::time_point now);
    void drain_some(clock::time_point now);
    void attend(subscriber& s);

    // Ends that are known before (deadlines.cpp).
    void note_expiry(subscriber& s);
    clock::time_point inactive_at(const subscriber& s) const;
    clock::time_point warned_at(const subscriber& s) const;
    clock::time_point deadline_of(const subscriber& s) const;
    bool meets_deadline(subscriber& s);
    outcome warn(subscriber& s);
    outcome tell_renewed(subscriber& s, renewed_facts facts);
    void beat(subscriber& s);

    // Constant after construction.
    hub& hub_;
    executor& on_;
    const unsigned number_;
    const clock::time_point settled_at_;  ///< nobody has left before

    // Own thread only, but for `interest_`, which is atomic.
    interest_filter interest_;
    topic_index index_;
    encode_cache cache_;
    lifeline life_;
    grant_table grants_;
    filter_table filters_;
    replayer replayer_;
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
    std::size_t watched_ = 0;  ///< events that are under way and counted
    std::vector<encoded_event*> due_;
    std::vector<item> items_;
    std::vector<topic_node*> matched_;

    // Draining.
    clock::time_point drain_end_{};
    std::uint32_t drain_next_ = 0;
    std::function<void()> drained_;

    shard_counters counters_;
};

template <class Call>
bool shard::impl::guarded(const stream_name& name, Call&& call) {
    try {
        call();
        return true;
    } catch (const std::bad_alloc&) {
        if (subscriber* still = find(name)) close(*still, close_reason::unavailable);
        return false;
    }
}

template <class Add>
void shard::impl::take_due(subscriber& s, Add&& add) {
    s.each_subscription([&](const subscription& on) {
        const auto recent = on.node->recent();
        auto at = recent.end();
        while (at != recent.begin() && (*std::prev(at))->seq >= s.seen_seq) --at;
        for (; at != recent.end(); ++at) add(*at);
    });
    s.seen_seq = std::max(s.seen_seq, next_seq_);
}

}  // namespace carillon
