// What a hub must show, as tests/support/hub_model.hpp plays with it: each stream is held against a
// list of all events.
#pragma once

#include <carillon/hub/hub.hpp>

#include "hub/own_topic.hpp"
#include "support/late_journal.hpp"
#include "support/modelled_record.hpp"
#include "support/modelled_stream.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::testing {

class hub_checks {
protected:
    static constexpr std::array topic_names{"a", "b",   "a/x", "a/y", "b/x/z",
                                            "c", "d/0", "d/1", "d/2"};
    static constexpr std::array pattern_names{"a",    "b",     "a/x", "c",   "none",
                                              "a/*",  "*/x",   "**",  "*",   "a/**",
                                              "b/**", "*/*/z", "d/0", "d/1", "d/*"};
    static constexpr std::array tokens{"one-client-of-22-bytes", "two-client-of-22-bytes",
                                       "six-client-of-22-bytes"};
    static constexpr std::size_t max_streams = 12;
    static constexpr std::size_t max_topics = 4;
    static constexpr std::uint64_t max_lag = 3;

    using sent = modelled_event;
    using listening = modelled_listening;
    using stream = modelled_stream;
    using gaps_told = std::vector<std::pair<std::uint64_t, std::uint64_t>>;  ///< (from, to]
    static constexpr std::uint64_t forever = modelled_listening::forever;

    hub_checks(std::uint64_t keep, std::size_t max_empty_topics, unsigned slow)
        : record_(keep, max_empty_topics), slow_(slow) {}

    slow_policy policy_of(std::string_view pattern) const {
        const bool is_b = pattern.starts_with('b') || pattern.starts_with('*');
        if (slow_ == 4) return is_b ? slow_policy::conflate : slow_policy::catch_up;
        if (slow_ == 5) return slow_policy::drop_oldest;
        if (slow_ == 6) return is_b ? slow_policy::conflate : slow_policy::drop_oldest;
        if (slow_ == 7 && pattern.starts_with('a')) return slow_policy::cut;
        return slow_policy::catch_up;
    }

    /// The position before the first last value that retention has left of its event.
    std::uint64_t before_outlived(const std::vector<topic_pattern>& patterns) const {
        std::uint64_t first = record_.head;
        for (const std::string_view name : topic_names) {
            const bool asked = std::ranges::any_of(
                patterns, [&](const topic_pattern& p) { return p.matches(name); });
            const sent* const value = asked ? record_.last_value_of(name) : nullptr;
            if (value != nullptr) first = std::min(first, value->pos - 1);
        }
        return first;
    }

    /// Nobody promised a rewinding stream what was trimmed before it opened.
    void forget_unkept(stream& t, const std::vector<topic_pattern>& patterns) const {
        const auto there = record_.kept(patterns);
        for (std::uint64_t pos = *t.opening + 1; pos <= t.rewound_until; ++pos) {
            if (!std::ranges::binary_search(there, pos)) t.gone.insert(pos);
        }
    }

    /// Sets the verdict and the opening position that are due; returns where the stream begins.
    std::uint64_t expect_opening(stream& t, const std::vector<topic_pattern>& patterns,
                                 const stream_request& r) const {
        t.verdict = "fresh";
        t.opening = record_.head;
        const auto own = cursor::parse(r.last_event_id);
        t.values_owed = own && own->values_owed;
        const auto* last = std::get_if<rewind_last>(&r.from);
        if (r.last_event_id.empty() && last == nullptr) return record_.head;
        const auto there = record_.kept(patterns);
        const std::uint64_t at = r.last_event_id.empty() ? 0 : place_of(r.last_event_id, patterns);
        const std::uint64_t lost = record_.lost_of(patterns);
        if (r.last_event_id.empty() || at > record_.head) {
            std::uint64_t count = std::min<std::uint64_t>(there.size(), budget_);
            if (last != nullptr) count = std::min(count, last->count);
            if (count > 0) t.opening = there[there.size() - count] - 1;
            t.rewound_until = record_.head;
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

    /// Where a cursor stands; beyond the head if nobody knows it.
    std::uint64_t place_of(const std::string& id,
                           const std::vector<topic_pattern>& patterns) const {
        if (const auto own = cursor::parse(id)) return own->pos.value;
        return record_.find_own_id(id, patterns).value_or(record_.head + 1);
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
            if (e.pos <= l.must_after || e.pos > l.must_until || !e.matches(l.pattern))
                return false;
            return policy_of(l.pattern.str()) != slow_policy::conflate ||
                   !record_.is_replaced(e, l.pattern);
        });
    }

    bool may(const stream& t, const sent& e, std::uint64_t number) const {
        return std::ranges::any_of(t.patterns, [&](const listening& l) {
            return (e.pos != 0 ? e.pos > l.may_after : number >= l.from_number) &&
                   number < l.until_number && e.matches(l.pattern);
        });
    }

    /// A last value: no event of the stream, so it has no id of its own.
    void check_value(stream& t, const sent& e, std::uint64_t number, const gaps_told& gaps) {
        if (!e.retained) wrong("shown without its id: " + std::to_string(number));
        t.values.insert(e.pos);
        // After a reset, which says that anything may be missing, losses are not told.
        const std::uint64_t opening = std::max(opening_of(t), t.reset_at);
        // What was dropped of a stream that is slow is told as it is now.
        const auto dropped = std::ranges::count_if(
            gaps, [&](const auto& g) { return e.pos > g.first && e.pos <= g.second; });
        const auto asked =
            dropped + std::ranges::count_if(t.patterns, [&](const listening& l) {
                const std::uint64_t begins = l.added ? l.may_after : opening;
                return e.matches(l.pattern) && e.pos <= begins &&
                       (l.added || t.values_owed || t.values_may_come || !has(t, "resumed"));
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

    /// Whether a stream that is behind may do without the event, since a newer one is about the
    /// same.
    bool is_replaced(const stream& t, const sent& e) const {
        return std::ranges::any_of(t.patterns, [&](const listening& l) {
            return e.matches(l.pattern) && policy_of(l.pattern.str()) == slow_policy::conflate &&
                   record_.is_replaced(e, l.pattern);
        });
    }

    /// Each topic's last value was shown, as such or as an event, whatever retention took, to
    /// streams that cannot know it.
    void check_values(const stream& t, const std::set<std::uint64_t>& shown) {
        for (const std::string_view name : topic_names) {
            const sent* const value = record_.last_value_of(name);
            if (value == nullptr || shown.contains(value->pos) || is_replaced(t, *value)) continue;
            const bool known = std::ranges::any_of(t.patterns, [&](const listening& l) {
                return !l.added && !t.values_owed && has(t, "resumed") &&
                       value->pos <= opening_of(t) && value->matches(l.pattern);
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
                if (r.type == "carillon.close" && t.replaced) return;  // before it had begun
                check_opening(t, r);
                // Where the first page ended early, a rewinding stream begins there.
                if (late_ != nullptr && t.rewinds) upto = std::min(upto, opening_of(t));
            } else if (r.type == "message") {
                std::uint64_t number = forever;
                std::from_chars(r.data.data(), r.data.data() + r.data.size(), number);
                if (number >= sent_.size()) return wrong("an event that nobody sent: " + r.data);
                const sent& e = sent_[number];
                const std::string id = e.id.empty() ? hub_->id_of(position{e.pos}) : e.id;
                const bool moved = r.id == id && e.pos > upto;
                if (e.pos != 0 && !moved) {
                    check_value(t, e, number, gaps);
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
                continue;
            } else if (r.type == "carillon.gap") {
                continue;
            } else if (r.type == "carillon.close") {
                if (t.out.closed != close_reason::replaced || !t.replaced)
                    return wrong("an end that nobody wanted");
                continue;
            } else if (r.type != "carillon.cursor") {
                return wrong("an odd event: " + r.type);
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
        nothing_missed(record_.head);
    }

    void check_opening(const stream& t, const received& r) {
        if (r.type != "carillon.open") return wrong("the first event is " + r.type);
        if (t.verdict.empty()) return;
        // Of what a late journal answers, some may have been trimmed since.
        if (late_ != nullptr && (has(t, "reset") || (has(t, "gap") && t.verdict != "reset")))
            return;
        if (!has(t, t.verdict)) wrong("the verdict is not " + t.verdict + ": " + r.data);
        if (late_ != nullptr && t.rewinds) return;
        // Of what is replaced by newer events it need not say where that began.
        if (slow_ == 4 || slow_ == 6) return;
        std::string id = r.id;
        if (id.ends_with('~')) id.pop_back();  // values are owed
        if (t.opening && id != hub_->id_of(position{*t.opening}))
            wrong("opening at " + r.id + ", not " + std::to_string(*t.opening));
    }

    /// The gaps that the stream got. Each must hold an event that it should have seen.
    gaps_told check_gaps(const stream& t) {
        gaps_told gaps;
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
            if ((!real && !record_.merged.contains(to) && !dropped(t, from, to)) || to == forever)
                wrong("a gap that is none: " + r.data);
        }
        return gaps;
    }

    /// Whether the stream was too slow for what is in the gap: it has as many newer ones as it may.
    bool dropped(const stream& t, std::uint64_t from, std::uint64_t to) const {
        const bool drops = std::ranges::any_of(t.patterns, [&](const listening& l) {
            return policy_of(l.pattern.str()) == slow_policy::drop_oldest;
        });
        const auto asked = [&](const sent& e) {
            return std::ranges::any_of(t.patterns, [&](const listening& l) {
                return e.pos > l.may_after && e.matches(l.pattern);
            });
        };
        const bool any = std::ranges::any_of(
            sent_, [&](const sent& e) { return e.pos > from && e.pos <= to && asked(e); });
        const auto newer =
            std::ranges::count_if(sent_, [&](const sent& e) { return e.pos > to && asked(e); });
        return drops && any && std::cmp_greater_equal(newer, max_lag);
    }

    /// All that was published, and what the stream listened to and got.
    std::string told(const stream& t) const {
        std::string all;
        for (const sent& e : sent_) {
            all += "\n" + std::to_string(e.pos) + (e.retained ? " retained" : "") + " " + e.id +
                   " " + e.key;
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

    modelled_record record_;
    const std::vector<sent>& sent_ = record_.sent;
    const unsigned slow_;  ///< which policies apply
    std::uint64_t budget_ = 0;
    late_journal* late_ = nullptr;  ///< the hub's; null: it answers at once
    std::unique_ptr<hub> hub_;
    std::string wrong_;
};

}  // namespace carillon::testing
