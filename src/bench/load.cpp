#include "bench/load.hpp"

#include "bench/clock.hpp"
#include "bench/payload.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace carillon::bench {

namespace {

using namespace std::chrono_literals;

// A step may take long on a slow machine, but never so long without anything arriving anywhere.
constexpr auto step_limit = 300s;
constexpr auto silence_limit = 10s;
constexpr auto longest_wait = 100ms;
constexpr std::size_t quiet_topic = 999'999;

std::size_t lanes_of(const load_options& o) {
    return o.topics > 1 ? 1 : std::max<std::size_t>(o.publishers, 1);
}

std::uint64_t in_ns(std::chrono::nanoseconds time) noexcept {
    return static_cast<std::uint64_t>(time.count());
}

}  // namespace

load::load(const target& where, const load_options& options)
    : options_(options),
      subscribers_(poller_, where,
                   {lanes_of(options), options.stamp_arrivals, options.stalling, options.fields,
                    options.stream}),
      publishers_(poller_, where, options.stamp_arrivals),
      sent_(std::max(options.topics, lanes_of(options))) {}

result<> load::connect() {
    if (auto opened = publishers_.open(options_.publishers); !opened) return opened;
    return connect_subscribers();
}

result<> load::connect_subscribers() {
    subscribers_.open(options_.subscribers, topics());
    std::fill(sent_.begin(), sent_.end(), 0u);
    owed_ = 0;
    return turn_until([this] { return subscribers_.all_ready(); });
}

result<> load::one_at_a_time(std::uint32_t events) {
    for (std::uint32_t k = 0; k < events; ++k) {
        post_event(0, 0, 0);
        if (auto arrived = all_arrived(); !arrived) return arrived;
    }
    return {};
}

result<> load::as_fast_as_answered(std::uint32_t events_per_publisher) {
    std::vector<std::uint32_t> left(publishers_.size(), events_per_publisher);
    const auto post_next = [&](std::size_t p) {
        if (left[p] == 0) return;
        --left[p];
        post_event(p, 0, static_cast<std::uint32_t>(p));
    };
    publishers_.on_answer(post_next);
    for (std::size_t p = 0; p < publishers_.size(); ++p) post_next(p);
    auto arrived = all_arrived();
    publishers_.on_answer({});
    return arrived;
}

result<> load::arrays(std::uint32_t count, std::uint32_t events_per_array) {
    auto left = count;
    const auto post_next = [&](std::size_t p) {
        if (left == 0) return;
        --left;
        const auto sent_ns = now_ns();
        body_ = "[";
        for (std::uint32_t k = 0; k < events_per_array; ++k) {
            append_event(body_, {0, sent_[0]++, sent_ns});
            body_ += ',';
        }
        body_.back() = ']';
        owed_ += std::uint64_t{events_per_array} * readers();
        publishers_.post(p, topic_name(0), body_, sent_ns);
    };
    publishers_.on_answer(post_next);
    post_next(0);
    auto arrived = all_arrived();
    publishers_.on_answer({});
    return arrived;
}

result<> load::round_robin(std::uint32_t events) {
    std::uint32_t next = 0;
    const auto post_next = [&](std::size_t p) {
        if (next < events) post_event(p, next++ % options_.topics, 0);
    };
    publishers_.on_answer(post_next);
    for (std::size_t p = 0; p < publishers_.size(); ++p) post_next(p);
    auto arrived = all_arrived();
    publishers_.on_answer({});
    return arrived;
}

result<> load::paced(std::uint32_t events, std::chrono::nanoseconds interval,
                     std::chrono::nanoseconds probe_interval) {
    auto due = now_ns();
    auto probe_due = due + in_ns(probe_interval) / 2;
    const bool probing = probe_interval.count() > 0;
    for (std::uint32_t k = 0; k < events; due += in_ns(interval)) {
        while (now_ns() < due || !publishers_.idle(0)) {
            if (probing && now_ns() >= probe_due) {
                probe();
                probe_due += in_ns(probe_interval);
            }
            const auto next = probing ? std::min(due, probe_due) : due;
            const auto now = now_ns();
            // Behind schedule because the last answer is still out: the socket wakes us.
            const auto wait = next > now ? std::chrono::nanoseconds(next - now) : 1ms;
            if (auto turned = turn(wait); !turned) return turned;
            if (now_ns() > due + in_ns(step_limit))
                return fail(errc::request_timeout, "an event was not answered");
        }
        post_event(0, 0, 0);
        ++k;
    }
    return all_arrived();
}

std::function<std::string(std::size_t)> load::topics(std::string suffix) const {
    return [count = options_.topics, suffix = std::move(suffix)](std::size_t subscriber) {
        return topic_name(subscriber % count) + suffix;
    };
}

result<> load::leave(std::uint32_t events) {
    const std::string_view seen = subscribers_.first_bytes();
    const auto at = seen.rfind("id: ");
    if (at == std::string_view::npos) return fail(errc::not_found, "the stream shows no cursor");
    cursor_ = seen.substr(at + 4, seen.find_first_of("\r\n", at) - at - 4);
    subscribers_.close();
    std::fill(sent_.begin(), sent_.end(), 0u);
    owed_ = subscribers_.delivered();
    return one_at_a_time(events);
}

result<> load::come_back() {
    subscribers_.open(options_.subscribers, topics("?last_event_id=" + cursor_));
    owed_ = std::uint64_t{sent_[0]} * subscribers_.size();
    if (auto up = turn_until([this] { return subscribers_.all_ready(); }); !up) return up;
    return all_arrived();
}

void load::stall() {
    stalled_ = true;
    subscribers_.stall();
}

result<> load::resume() {
    if (!stalled_) return {};
    stalled_ = false;
    subscribers_.resume();
    owed_ = std::uint64_t{sent_[0]} * subscribers_.size();
    return all_arrived();
}

result<> load::rest(std::chrono::nanoseconds time) {
    const auto end = now_ns() + in_ns(time);
    for (auto now = now_ns(); now < end; now = now_ns()) {
        if (auto turned = turn(std::chrono::nanoseconds(end - now)); !turned) return turned;
    }
    return {};
}

delivery_counts load::close_books() {
    auto& ledger = subscribers_.ledger();
    for (std::size_t s = 0; s < subscribers_.size(); ++s) {
        if (options_.topics > 1) {
            ledger.close(s, 0, sent_[s % options_.topics]);
            continue;
        }
        for (std::uint32_t lane = 0; lane < sent_.size(); ++lane)
            ledger.close(s, lane, sent_[lane]);
    }
    return ledger.counts();
}

void load::post_event(std::size_t publisher, std::size_t topic, std::uint32_t lane) {
    auto& sequence = sent_[options_.topics > 1 ? topic : lane];
    const auto sent_ns = now_ns();
    body_.clear();
    append_event(body_, {lane, sequence++, sent_ns});
    owed_ += options_.topics > 1 ? subscribers_.size() / options_.topics : readers();
    publishers_.post(publisher, topic_name(topic), body_, sent_ns);
}

void load::probe() {
    const auto others = publishers_.size() - 1;
    for (std::size_t tried = 0; tried < others; ++tried) {
        const auto p = 1 + next_probe_++ % others;
        if (!publishers_.idle(p)) continue;
        const auto sent_ns = now_ns();
        body_.clear();
        append_event(body_, {0, 0, sent_ns});
        publishers_.post(p, topic_name(quiet_topic), body_, sent_ns);
        return;
    }
    ++probes_skipped_;
}

std::size_t load::readers() const noexcept {
    return subscribers_.size() - (stalled_ ? options_.stalling : 0);
}

result<> load::all_arrived() {
    auto arrived =
        turn_until([this] { return publishers_.all_idle() && subscribers_.delivered() >= owed_; });
    if (arrived || arrived.error().code != errc::request_timeout) return arrived;
    // Stuck for good: the ledger tells who misses what, which says more than that time ran out.
    return fail(errc::request_timeout, fmt::format("{} of {} deliveries never came",
                                                   owed_ - subscribers_.delivered(), owed_));
}

result<> load::turn_until(const std::function<bool()>& done) {
    const auto end = now_ns() + in_ns(step_limit);
    auto progress = this->progress();
    auto silent_at = now_ns() + in_ns(silence_limit);
    while (!done()) {
        if (auto turned = turn(longest_wait); !turned) return turned;
        const auto now = now_ns();
        if (std::exchange(progress, this->progress()) != progress)
            silent_at = now + in_ns(silence_limit);
        if (now > end || now > silent_at) return fail(errc::request_timeout, "no progress");
    }
    return {};
}

std::uint64_t load::progress() const noexcept {
    return subscribers_.ready() + subscribers_.delivered() + publishers_.answered();
}

result<> load::turn(std::chrono::nanoseconds limit) {
    subscribers_.begin_turn();
    publishers_.begin_turn();
    poller_.turn(limit);
    if (const auto& problem = subscribers_.problem()) return std::unexpected(*problem);
    if (const auto& problem = publishers_.problem()) return std::unexpected(*problem);
    return {};
}

}  // namespace carillon::bench
