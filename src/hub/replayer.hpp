// Streams that are not live: they open, send last values, and read what they missed from the
// journal, until they are level with the tail.
#pragma once

#include <carillon/hub/shard.hpp>

#include "hub/delivery.hpp"
#include "hub/subscriber.hpp"
#include "hub/tail.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace carillon {

/// Part of its shard and confined to its thread. Each stream has at most one question to the
/// journal under way; all streams of the shard together have a bounded number of pages, and read a
/// bounded number of events a second.
class replayer {
public:
    explicit replayer(shard::impl& home) : home_(home) {}

    /// A new stream, with all its topics attached. It may have ended afterwards.
    void begin(subscriber& s, const stream_request& request);
    /// The stream has a new topic, whose events begin behind `after`, the newest event that was
    /// routed. Its last values, if they are wanted, come before. The stream may have ended
    /// afterwards.
    void add_topic(subscriber& s, const topic_node& node, position after, bool wants_values);
    /// A stream that is behind gives up a topic.
    void forget_topic(subscriber& s, const topic_node& node);
    /// The stream is behind and takes bytes: it goes on when it is its turn.
    void queue(subscriber& s);
    /// Some of its last values are still to come.
    static bool owes_values(const subscriber& s) noexcept;
    /// For a stream that is behind: what was routed since its last question may belong to it.
    void collect(subscriber& s);
    /// For a stream whose socket takes nothing: cuts it if its topics say so.
    void check_lag(subscriber& s);

private:
    struct drop_walk;
    struct question;
    struct output;
    struct reading;

    // Questions to the journal (replayer.cpp).
    void step(subscriber& s);
    void ask_page(subscriber& s);
    void ask_values(subscriber& s);
    void send_given(subscriber& s);
    question question_of(const subscriber& s, position upto) const;
    reading reading_of(const subscriber& s, position head) const;
    template <class Answer>
    auto here(question asked, void (replayer::*then)(const question&, result<Answer>));
    template <class Ask>
    void ask(subscriber& s, Ask&& call);
    subscriber* reader_of(const question& asked) const;

    // Answers.
    void on_start(const question& asked, result<start_point> start);
    void on_page(const question& asked, result<read_page> page);
    void on_values(const question& asked, result<snapshot_page> page);
    void next(subscriber& s);
    void go_live(subscriber& s);

    // What is written.
    std::unique_ptr<opening> start(subscriber& s, output& out);
    bool write(subscriber& s, output& out, std::unique_ptr<opening> begun = {});
    void add_value(const subscriber& s, output& out, const event_ptr& e, std::uint64_t walked);
    std::shared_ptr<const block> begin_stream(subscriber& s, const opening& open);
    std::shared_ptr<const block> gap_block(const subscriber& s, const gap& lost,
                                           std::string_view why);
    lost_events told_of(const gap& lost, std::string_view why) const;

    // Slow streams (slow.cpp).
    std::optional<lag_limits> limits_of(const subscriber& s, slow_policy policy) const;
    void ask_what_to_drop(subscriber& s, const lag_limits& limits);
    void on_drop_point(const question& asked, result<start_point> start);
    void ask_dropped(subscriber& s, const drop_walk& dropped);
    void on_drop_page(const question& asked, result<read_page> page);
    subscriber* blocked_still(const question& asked) const;
    void on_cut_point(const question& asked, result<start_point> start);
    void on_cut_page(const question& asked, result<read_page> page);

    // Turns.
    bool may_ask();
    void question_answered();
    void turn();
    void schedule_turn();

    using clock = executor::clock;

    shard::impl& home_;
    std::deque<std::uint32_t> waiting_;  ///< slots of streams that go on when it is their turn
    bool turn_scheduled_ = false;
    std::size_t asked_ = 0;  ///< questions for pages that are not answered yet
    double allowed_ = 0;     ///< events that the replay rate allows now
    clock::time_point refilled_{};
    bool waits_for_rate_ = false;  ///< a timer goes on
};

}  // namespace carillon
