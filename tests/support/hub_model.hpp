// The hub as a state machine: bytes become operations on a hub, and each stream is held against
// what a list of all events says that it must show. Used by a fuzzer and by a test.
#pragma once

#include <carillon/hub/hub.hpp>
#include <carillon/journal/open.hpp>

#include "support/fake_connection.hpp"
#include "support/late_journal.hpp"
#include "support/manual_executor.hpp"
#include "support/modelled_event.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::testing {

class hub_model {
public:
    /// Runs the operations that `input` spells. Returns what was wrong; empty: nothing.
    static std::string run(std::span<const std::uint8_t> input) {
        hub_model model(input);
        while (!model.input_.empty() && model.wrong_.empty()) model.step();
        if (model.wrong_.empty()) model.settle();
        return model.wrong_;
    }

private:
    static constexpr std::array topic_names{"a", "b", "a/x", "a/y", "b/x/z", "c"};
    static constexpr std::array pattern_names{"a",   "b",  "a/x", "c",    "none", "a/*",
                                              "*/x", "**", "*",   "a/**", "b/**", "*/*/z"};
    static constexpr std::size_t max_streams = 12;

    using sent = modelled_event;
    using listening = modelled_listening;
    using stream = modelled_stream;
    static constexpr std::uint64_t forever = modelled_listening::forever;

    explicit hub_model(std::span<const std::uint8_t> input) : input_(input) {
        keep_ = 1 + take() % 6;
        hub_options options;
        options.max_replay_events = take() % 3 == 0 ? 4 : 1000;
        options.cursor_lag = 2 + take() % 8;
        options.options_of = [](std::string_view name) {
            topic_options o;
            if (name == "c") o.coalesce_window = std::chrono::milliseconds(20);
            return o;
        };
        budget_ = options.max_replay_events;
        memory_journal_options record;
        record.retention_of = [this](std::string_view name) {
            return retention{.max_events = limit_of(name)};
        };
        record.now = [] { return std::chrono::system_clock::time_point{}; };
        auto kept = make_memory_journal(std::move(record));
        if (take() % 2 == 0) {
            auto late = std::make_unique<late_journal>(std::move(kept));
            late_ = late.get();
            kept = std::move(late);
        }
        hub_ = std::make_unique<hub>(std::move(options), std::move(kept));
        hub_->add_shard(executor_);
        hub_->add_shard(executor_);
        profile_.heartbeat_interval = std::chrono::seconds(1);
        executor_.advance(std::chrono::seconds(1));  // the rate of replays allows some now
    }

    std::uint64_t limit_of(std::string_view name) const {
        return name.starts_with('a') ? keep_ : 1'000'000;
    }

    std::uint8_t take() {
        if (input_.empty()) return 0;
        const std::uint8_t b = input_.front();
        input_ = input_.subspan(1);
        return b;
    }

    void step() {
        switch (take() % 17) {
            case 0:
            case 1:
            case 2:
            case 3:
                return publish();
            case 4:
                return open_fresh();
            case 5:
                return open_at_cursor();
            case 6:
                return reconnect();
            case 7:
                return with_stream([&](stream& t) { drop(t); });
            case 8:
                return with_stream([&](stream& t) { subscribe(t); });
            case 9:
                return with_stream([&](stream& t) { unsubscribe(t); });
            case 10:
                return with_stream([&](stream& t) {
                    const std::uint8_t size = take();
                    t.out.per_write = size >= 192 ? fake_connection::unlimited : size;
                });
            case 11:
                return with_stream([&](stream& t) {
                    if (std::exchange(t.out.blocked, false)) t.home->writable(*t.s);
                });
            case 12:
                return with_stream([](stream& t) { t.out.fail_at = t.out.writes + 1; });
            case 13:
                return executor_.advance(std::chrono::milliseconds(40) * take());
            case 14:
                for (int n = take() % 8; n >= 0; --n) executor_.run_one();
                return sweep();
            case 15:
                for (int n = take() % 4; n >= 0 && late_ != nullptr; --n) late_->answer_one();
                return sweep();
            default:
                return run_until_idle();
        }
    }

    void run_until_idle() {
        do {
            executor_.run_until_idle();
        } while (late_ != nullptr && late_->answer_one());
        sweep();
    }

    template <class Operation>
    void with_stream(Operation&& run) {
        sweep();
        if (streams_.empty()) return;
        run(*streams_[take() % streams_.size()]);
        sweep();
    }

    /// Looks at the streams that ended by themselves, and forgets them.
    void sweep() {
        for (const auto& t : streams_) {
            const bool began = t->reset_at == 0 && !t->out.events.empty();
            if (began && has(*t, "reset")) t->reset_at = head_;
        }
        std::erase_if(streams_, [this](const std::unique_ptr<stream>& t) {
            if (t->out.closed) check(*t, false);
            return t->out.closed.has_value();
        });
    }

    // Operations.

    void publish() {
        std::vector<event> batch;
        for (int n = take() % 3; n >= 0; --n) {
            const std::uint8_t choice = take();
            event e;
            e.topics.push_back(*topic::parse(topic_names[choice % topic_names.size()]));
            const topic second = *topic::parse(topic_names[choice / 8 % topic_names.size()]);
            if (choice >= 128 && second != e.topics[0]) e.topics.push_back(second);
            e.ephemeral = choice % 16 == 15;
            e.retain = choice % 16 == 3;
            e.data = std::to_string(sent_.size());
            if (choice % 32 == 7) e.data += '\n' + std::string(choice, 'x');
            sent_.push_back({e.topics, e.ephemeral ? 0 : ++head_, e.retain});
            batch.push_back(std::move(e));
        }
        hub_->publish(std::move(batch), [this](result<std::vector<published>> done) {
            if (!done) return wrong("a publish failed: " + done.error().detail);
            const std::size_t first = sent_.size() - done->size();
            for (std::size_t i = 0; i < done->size(); ++i) {
                if ((*done)[i].pos.value != sent_[first + i].pos) wrong("an odd position");
            }
        });
    }

    void open_fresh() {
        const std::uint8_t how = take();
        stream_request r;
        if (how >= 128) r.from = rewind_last{how % 8u};
        open(chosen_patterns(), std::move(r));
    }

    void open_at_cursor() {
        const std::uint8_t at = take();
        stream_request r;
        // Mostly a recent position, sometimes one that is not there.
        r.last_event_id =
            at % 16 == 15 ? hub_->id_of(position{head_ + 1})
                          : hub_->id_of(position{head_ - std::min(head_, std::uint64_t{at} / 4)});
        open(chosen_patterns(), std::move(r));
    }

    void reconnect() {
        with_stream([&](stream& t) {
            stream_request r;
            r.last_event_id = t.out.last_event_id();
            std::vector<topic_pattern> patterns;
            for (const listening& l : t.patterns) {
                if (l.until_number == forever) patterns.push_back(l.pattern);
            }
            drop(t);
            if (!patterns.empty()) open(std::move(patterns), std::move(r));
        });
    }

    std::vector<topic_pattern> chosen_patterns() {
        std::vector<topic_pattern> all;
        for (int n = take() % 3; n >= 0; --n) {
            auto p = *topic_pattern::parse(pattern_names[take() % pattern_names.size()]);
            if (std::ranges::find(all, p) == all.end()) all.push_back(std::move(p));
        }
        return all;
    }

    void open(std::vector<topic_pattern> patterns, stream_request r) {
        if (streams_.size() >= max_streams) return;
        auto t = std::make_unique<stream>(opened_ % 2 == 0 ? framing::raw : framing::chunked);
        t->home = hub_->shards()[opened_++ % 2].get();
        if (opened_ % 5 == 0) t->out.per_write = 16;
        const std::uint64_t start = expect_opening(*t, patterns, r);
        for (const topic_pattern& p : patterns)
            t->patterns.push_back({p, start, start, forever, sent_.size(), forever, false});
        r.out = &t->out;
        r.profile = &profile_;
        r.topics = std::move(patterns);
        const auto opened = t->home->open(std::move(r));
        if (!opened) return wrong("a stream was refused: " + opened.error().detail);
        t->s = *opened;
        streams_.push_back(std::move(t));
    }

    void drop(stream& t) {
        t.home->remove(*t.s);
        t.out.closed = close_reason::removed;
    }

    std::uint64_t cursor_of(const stream& t) const {
        return cursor::parse(t.home->describe(*t.s).last_event_id)->pos.value;
    }

    void subscribe(stream& t) {
        const auto p = *topic_pattern::parse(pattern_names[take() % pattern_names.size()]);
        const auto known = std::ranges::find_if(t.patterns, [&](const listening& l) {
            return l.pattern == p && l.until_number == forever;
        });
        if (known != t.patterns.end()) return;
        if (!t.home->subscribe(*t.s, p)) return;  // it broke
        t.patterns.push_back({p, head_, head_, forever, sent_.size(), forever, true});
    }

    void unsubscribe(stream& t) {
        std::vector<listening*> active;
        for (listening& l : t.patterns) {
            if (l.until_number == forever) active.push_back(&l);
        }
        if (active.empty()) return;
        listening& l = *active[take() % active.size()];
        // A stream that has not opened has nothing yet.
        const std::uint64_t reached = t.out.events.empty() ? 0 : cursor_of(t);
        if (t.out.events.empty()) t.verdict.clear();  // it opens without this topic
        if (!t.home->unsubscribe(*t.s, l.pattern)) wrong("could not unsubscribe");
        l.must_until = reached;
        l.until_number = sent_.size();
        // An event may have been kept for the topic that nobody asks for now.
        if (t.rewound_until != 0) {
            std::vector<topic_pattern> left;
            for (const listening& other : t.patterns) {
                if (other.until_number == forever) left.push_back(other.pattern);
            }
            forget_unkept(t, left);
        }
    }

    /// Every connection takes everything, until nothing is left to do.
    void settle() {
        for (const int round : {0, 1}) {
            for (bool more = true; more;) {
                run_until_idle();
                more = false;
                for (const auto& t : streams_) {
                    t->out.per_write = fake_connection::unlimited;
                    t->out.fail_at = 0;
                    if (!std::exchange(t->out.blocked, false)) continue;
                    t->home->writable(*t->s);
                    more = true;
                }
            }
            if (round == 0) executor_.advance(std::chrono::seconds(3));
        }
        for (const auto& t : streams_) {
            check(*t, true);
            if (t->home->describe(*t->s).behind) wrong("a stream is behind for ever");
        }
    }

    // What must be.

    /// The newest event that retention took from the topic.
    std::uint64_t trimmed_of(std::string_view name) const {
        std::uint64_t left = limit_of(name);
        for (auto e = sent_.rbegin(); e != sent_.rend(); ++e) {
            const bool in = e->pos != 0 && std::ranges::any_of(e->topics, [&](const topic& t) {
                                return t.str() == name;
                            });
            if (in && left-- == 0) return e->pos;
        }
        return 0;
    }

    /// Positions that a journal still has for the patterns, oldest first.
    std::vector<std::uint64_t> kept(const std::vector<topic_pattern>& patterns) const {
        std::vector<std::uint64_t> all;
        for (const sent& e : sent_) {
            const bool there =
                e.pos != 0 && std::ranges::any_of(e.topics, [&](const topic& t) {
                    return e.pos > trimmed_of(t.str()) &&
                           std::ranges::any_of(patterns, [&](const topic_pattern& p) {
                               return p.matches(t.str());
                           });
                });
            if (there) all.push_back(e.pos);
        }
        return all;
    }

    /// The position before the first last value that retention has left of its event.
    std::uint64_t before_outlived(const std::vector<topic_pattern>& patterns) const {
        std::uint64_t first = head_;
        for (const std::string_view name : topic_names) {
            const bool asked = std::ranges::any_of(
                patterns, [&](const topic_pattern& p) { return p.matches(name); });
            const sent* const value = asked ? last_value_of(name) : nullptr;
            if (value != nullptr) first = std::min(first, value->pos - 1);
        }
        return first;
    }

    /// Nobody promised a rewinding stream what was trimmed before it opened.
    void forget_unkept(stream& t, const std::vector<topic_pattern>& patterns) const {
        const auto there = kept(patterns);
        for (std::uint64_t pos = *t.opening + 1; pos <= t.rewound_until; ++pos) {
            if (!std::ranges::binary_search(there, pos)) t.gone.insert(pos);
        }
    }

    /// Sets the verdict and the opening position that are due; returns where the stream begins.
    std::uint64_t expect_opening(stream& t, const std::vector<topic_pattern>& patterns,
                                 const stream_request& r) const {
        t.verdict = "fresh";
        t.opening = head_;
        const auto* last = std::get_if<rewind_last>(&r.from);
        if (r.last_event_id.empty() && last == nullptr) return head_;
        const auto there = kept(patterns);
        const std::uint64_t at =
            r.last_event_id.empty() ? 0 : cursor::parse(r.last_event_id)->pos.value;
        std::uint64_t lost = 0;
        for (const std::string_view name : topic_names) {
            for (const topic_pattern& p : patterns)
                if (p.matches(name)) lost = std::max(lost, trimmed_of(name));
        }
        if (r.last_event_id.empty() || at > head_) {
            std::uint64_t count = std::min<std::uint64_t>(there.size(), budget_);
            if (last != nullptr) count = std::min(count, last->count);
            if (count > 0) t.opening = there[there.size() - count] - 1;
            t.rewound_until = head_;
            t.rewinds = true;
            forget_unkept(t, patterns);
            if (!r.last_event_id.empty()) {
                t.verdict = "reset";
                if (count == there.size())
                    t.opening = std::min(*t.opening, before_outlived(patterns));
            } else if (last->count > budget_ && there.size() > budget_) {
                t.verdict = "gap";
            } else if (lost > *t.opening || (lost != 0 && there.size() < last->count)) {
                t.verdict = "gap";
            }
            return *t.opening;
        }
        const auto missed = there.end() - std::ranges::upper_bound(there, at);
        const bool incomplete = lost > at || static_cast<std::uint64_t>(missed) > budget_;
        t.verdict = incomplete ? "gap" : "resumed";
        t.opening = incomplete ? std::nullopt : std::optional(at);
        return at;
    }

    static std::uint64_t position_in(std::string_view json, std::string_view name) {
        const std::size_t found = json.find("\"" + std::string(name) + "\":\"");
        if (found == std::string_view::npos) return forever;
        const std::string_view text = json.substr(found + name.size() + 4);
        const auto at = cursor::parse(text.substr(0, text.find('"')));
        return at ? at->pos.value : forever;
    }

    bool must(const stream& t, const sent& e) const {
        // A reset says that anything may be missing of what there was.
        if (t.gone.contains(e.pos) || e.pos <= t.reset_at) return false;
        if (late_ != nullptr && e.pos <= t.rewound_until) return false;
        return std::ranges::any_of(t.patterns, [&](const listening& l) {
            return e.pos > l.must_after && e.pos <= l.must_until && e.matches(l.pattern);
        });
    }

    bool may(const stream& t, const sent& e, std::uint64_t number) const {
        return std::ranges::any_of(t.patterns, [&](const listening& l) {
            return (e.pos != 0 ? e.pos > l.may_after : number >= l.from_number) &&
                   number < l.until_number && e.matches(l.pattern);
        });
    }

    /// A last value: no event of the stream, so it has no id of its own.
    void check_value(stream& t, const sent& e, std::uint64_t number) {
        if (!e.retained) wrong("shown without its id: " + std::to_string(number));
        t.values.insert(e.pos);
        const std::uint64_t opening = opening_of(t);
        const auto asked = std::ranges::count_if(t.patterns, [&](const listening& l) {
            const std::uint64_t begins = l.added ? l.may_after : opening;
            return e.matches(l.pattern) && e.pos <= begins && (l.added || !has(t, "resumed"));
        });
        if (std::cmp_less(asked, t.values.count(e.pos)))
            wrong("a value that is not due: " + std::to_string(e.pos));
    }

    /// Where the opening event says that the stream begins.
    static std::uint64_t opening_of(const stream& t) {
        const auto at = cursor::parse(t.out.events.at(0).id);
        return at ? at->pos.value : 0;
    }
    static bool has(const stream& t, std::string_view verdict) {
        return t.out.events.at(0).data.find("\"resume\":\"" + std::string(verdict) + "\"") !=
               std::string::npos;
    }

    /// The newest event of a topic that was published as its last value.
    const sent* last_value_of(std::string_view name) const {
        const auto newest = std::ranges::find_if(sent_.rbegin(), sent_.rend(), [&](const sent& e) {
            return e.retained && e.pos != 0 &&
                   std::ranges::any_of(e.topics, [&](const topic& x) { return x.str() == name; });
        });
        return newest == sent_.rend() ? nullptr : &*newest;
    }

    /// Each topic's last value was shown, as such or as an event, whatever retention took, to
    /// streams that cannot know it.
    void check_values(const stream& t, const std::set<std::uint64_t>& shown) {
        for (const std::string_view name : topic_names) {
            const sent* const value = last_value_of(name);
            if (value == nullptr || shown.contains(value->pos)) continue;
            const bool known = std::ranges::any_of(t.patterns, [&](const listening& l) {
                return !l.added && has(t, "resumed") && value->pos <= opening_of(t) &&
                       value->matches(l.pattern);
            });
            const bool due = std::ranges::any_of(t.patterns, [&](const listening& l) {
                return l.until_number == forever && l.pattern.matches(name);
            });
            if (due && !known) wrong("a last value is missing: " + std::to_string(value->pos));
        }
    }

    /// Holds all that the stream showed against all that was published.
    void check(stream& t, bool complete) {
        check_all(t, complete);
        if (!wrong_.empty()) wrong_ += told(t);
    }

    void check_all(stream& t, bool complete) {
        std::set<std::uint64_t> shown;
        t.values.clear();
        if (t.out.misused) wrong("a connection was used after its end");
        if (t.out.malformed) wrong("a chunk is malformed");
        const auto gaps = check_gaps(t);
        std::uint64_t upto = t.patterns.empty() ? 0 : t.patterns.front().must_after;
        const auto nothing_missed = [&](std::uint64_t end) {
            for (const sent& e : sent_) {
                if (e.pos <= upto || e.pos > end || !must(t, e)) continue;
                const bool told = std::ranges::any_of(
                    gaps, [&](const auto& g) { return e.pos > g.first && e.pos <= g.second; });
                if (!told) wrong("position " + std::to_string(e.pos) + " is missing");
            }
        };
        std::uint64_t next_number = 0;
        bool first = true;
        for (const received& r : t.out.events) {
            if (std::exchange(first, false)) {
                check_opening(t, r);
            } else if (r.type == "message") {
                std::uint64_t number = forever;
                std::from_chars(r.data.data(), r.data.data() + r.data.size(), number);
                if (number >= sent_.size()) return wrong("an event that nobody sent: " + r.data);
                const sent& e = sent_[number];
                const bool moved = r.id == hub_->id_of(position{e.pos}) && e.pos > upto;
                if (e.pos != 0 && !moved) {
                    check_value(t, e, number);
                    shown.insert(e.pos);
                    continue;
                }
                if (e.pos != 0 && !shown.insert(e.pos).second)
                    return wrong("shown twice: " + r.data);
                if (number < next_number) return wrong("doubled or out of order: " + r.data);
                if (!may(t, e, number)) return wrong("not asked for: " + r.data);
                next_number = number + 1;
                if (e.pos == 0) continue;
                nothing_missed(e.pos - 1);
                upto = e.pos;
            } else if (r.type != "carillon.cursor") {
                if (r.type != "carillon.gap") wrong("an odd event: " + r.type);
                continue;
            }
            const auto at = cursor::parse(r.id);
            if (!at) return wrong("an odd id: " + r.id);
            if (at->pos.value < upto) return wrong("the cursor moved backwards");
            nothing_missed(at->pos.value);
            upto = at->pos.value;
        }
        if (!complete) return;
        if (first) wrong("no opening event");
        check_values(t, shown);
        nothing_missed(head_);
    }

    void check_opening(const stream& t, const received& r) {
        if (r.type != "carillon.open") return wrong("the first event is " + r.type);
        if (t.verdict.empty()) return;
        // Of what a late journal answers, some may have been trimmed since.
        if (late_ != nullptr && (has(t, "reset") || (has(t, "gap") && t.verdict != "reset")))
            return;
        if (!has(t, t.verdict)) wrong("the verdict is not " + t.verdict + ": " + r.data);
        if (late_ != nullptr && t.rewinds) return;
        if (t.opening && r.id != hub_->id_of(position{*t.opening}))
            wrong("opening at " + r.id + ", not " + std::to_string(*t.opening));
    }

    /// The gaps that the stream got. Each must hold an event that it should have seen.
    std::vector<std::pair<std::uint64_t, std::uint64_t>> check_gaps(const stream& t) {
        std::vector<std::pair<std::uint64_t, std::uint64_t>> gaps;
        for (const received& r : t.out.events) {
            if (r.type != "carillon.gap" && r.type != "carillon.open") continue;
            const std::uint64_t from = position_in(r.data, "from");
            const std::uint64_t to = position_in(r.data, "to");
            if (from == forever && r.type == "carillon.open") continue;
            gaps.emplace_back(from, to);
            // In the middle of a stream it is just what retention took of a topic that it has.
            const bool exact = r.type == "carillon.gap";
            const bool real = std::ranges::any_of(sent_, [&](const sent& e) {
                if (e.pos <= from || e.pos > to || (exact && e.pos != to)) return false;
                return std::ranges::any_of(t.patterns, [&](const listening& l) {
                    return e.matches(l.pattern) && (!exact || e.pos > l.may_after);
                });
            });
            if (!real || to == forever) wrong("a gap that is none: " + r.data);
        }
        return gaps;
    }

    /// All that was published, and what the stream listened to and got.
    std::string told(const stream& t) const {
        std::string all;
        for (const sent& e : sent_) {
            all += "\n" + std::to_string(e.pos) + (e.retained ? " retained" : "");
            for (const topic& x : e.topics) all += " " + x.str();
        }
        for (const listening& l : t.patterns)
            all += "\n- " + l.pattern.str() + " after " + std::to_string(l.may_after);
        for (const received& r : t.out.events)
            all += "\n> " + r.id + " " + r.type + " " + r.data.substr(0, 200);
        return all;
    }

    void wrong(std::string what) {
        if (wrong_.empty()) wrong_ = std::move(what);
    }

    std::span<const std::uint8_t> input_;
    std::uint64_t keep_ = 1;
    std::uint64_t budget_ = 0;
    manual_executor executor_;
    stream_profile profile_;
    late_journal* late_ = nullptr;  ///< the hub's; null: it answers at once
    std::unique_ptr<hub> hub_;
    std::vector<std::unique_ptr<stream>> streams_;
    std::vector<sent> sent_;  ///< by number
    std::uint64_t head_ = 0;
    std::size_t opened_ = 0;
    std::string wrong_;
};

}  // namespace carillon::testing
