// Streams that are not live: they open, and read what they missed from the journal, until they are
// level with the tail.
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

    /// A new stream, with all its topics attached.
    void begin(subscriber& s, const stream_request& request);
    /// The stream is behind and takes bytes: it goes on when it is its turn.
    void queue(subscriber& s);
    /// For a stream whose socket takes nothing: cuts it if its topics say so.
    void check_lag(subscriber& s);
    /// Appends the last values of topics.
    void append_values(const subscriber& s, const matcher_set& topics, std::string& out) const;

private:
    struct question;

    // Questions to the journal (replayer.cpp).
    void ask(subscriber& s, position upto, std::uint64_t next_seq);
    question question_of(const subscriber& s, tail::end end) const;
    template <class Answer>
    auto here(question asked, void (replayer::*then)(const question&, result<Answer>));
    subscriber* reader_of(const question& asked) const;
    bool owed(const subscriber& s, const stored_event& e) const;

    // Answers.
    void on_start(const question& asked, result<start_point> start);
    void on_page(const question& asked, result<read_page> page);
    void decide_opening(subscriber& s, opening& open, const std::optional<gap>& lost,
                        read_page& page, position upto);

    // What is written.
    std::shared_ptr<const block> begin_stream(subscriber& s, const opening& open);
    std::shared_ptr<const block> gap_block(const subscriber& s, const gap& lost,
                                           std::string_view why);
    lost_events told_of(const gap& lost, std::string_view why) const;

    // Slow streams (slow.cpp).
    std::optional<lag_limits> limits_of(const subscriber& s, slow_policy policy) const;
    void ask_what_to_drop(subscriber& s, const lag_limits& limits);
    void on_drop_point(const question& asked, result<start_point> start);
    void ask_dropped(subscriber& s, position upto);
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
