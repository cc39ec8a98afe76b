// What retention took of topics, for readers that want to know what they miss.
#include "base/ago.hpp"
#include "journal/topic_logs.hpp"

#include <algorithm>
#include <limits>

namespace carillon {

/// The newest marks of the topics that it is shown.
class topic_logs::mark_reader final : public name_visitor {
public:
    explicit mark_reader(trim_marks& into) : into_(into) {}
    bool one(topic_log& log) override {
        into_.note(log);
        return true;
    }
    bool some(std::span<topic_log* const> logs, const name_chunk& in, bool whole) override {
        if (whole) {
            into_.note(in.trimmed, in.trim_count);
        } else {
            for (const topic_log* log : logs) into_.note(*log);
        }
        return true;
    }
    bool skips(const name_chunk& chunk) const override {
        return chunk.trimmed <= into_.trimmed && chunk.trim_count <= into_.trim_count;
    }

private:
    trim_marks& into_;
};

// What was trimmed since the look began is known one by one, unless that is too much.
bool topic_logs::go_on_with_marks(remembered& r, const matcher_set& patterns,
                                  std::size_t looks) const {
    if (!r.marks || r.marks->as_of < trims_since_) {
        r.marks = std::make_unique<known_marks>();
        r.marks->as_of = trim_count();
    }
    known_marks& known = *r.marks;
    if (known.whole && known.as_of == trim_count()) return true;
    const pattern_tree tree(*patterns);
    if (!known.whole) {
        mark_reader reader(known.newest);
        auto next = names_.match_some(tree, reader, known.next, looks);
        known.whole = !next;
        if (!known.whole) {
            known.next = std::move(*next);
            return false;
        }
    }
    auto since = std::ranges::upper_bound(trims_, known.as_of, {}, &trim::count);
    for (; since != trims_.end(); ++since) {
        if (since->log != nullptr && tree.matches(since->log->name()))
            known.newest.note(*since->log);
    }
    known.as_of = trim_count();
    return true;
}

void topic_logs::tell_losses(read_page& page, position after, const matcher_set& patterns,
                             const matched_topics& topics) const {
    trim_marks marks;
    const bool may_be_forgotten =
        topics.logs.size() < patterns->size() ||
        std::ranges::any_of(*patterns, [](const topic_pattern& p) { return !p.is_literal(); });
    if (may_be_forgotten) marks.note(forgotten, forgotten_trims);
    for (const topic_log* log : topics.logs) marks.note(*log);
    if (topics.dense) {
        remembered& r = recall(patterns, most_to_merge, kept);
        (void)go_on_with_marks(r, patterns, std::numeric_limits<std::size_t>::max());
        marks.note(r.marks->newest.trimmed, r.marks->newest.trim_count);
        for (const topic_pattern& p : *patterns) {
            const topic_log* log = p.is_literal() ? find(p.str()) : nullptr;
            if (log != nullptr) marks.note(*log);
        }
    }
    page.trims = marks.trim_count;
    if (marks.trimmed > after.value) page.lost = gap{after, position{marks.trimmed}};
}

std::uint64_t topic_logs::taken_of(const matcher_set& patterns,
                                   const matched_topics& topics) const {
    read_page page;
    tell_losses(page, {}, patterns, topics);
    return page.lost ? page.lost->to.value : 0;
}

// The times of events that are gone are gone too. But where an event is left that is older, those
// are older still; and a topic that is not full loses only what is too old.
topic_logs::taken topic_logs::taken_since(std::chrono::system_clock::time_point t, std::uint64_t at,
                                          const matcher_set& patterns, const matched_topics& topics,
                                          const time_line& times,
                                          std::chrono::system_clock::time_point now) const {
    taken all;
    const std::uint64_t newest = taken_of(patterns, topics);
    const bool everything = t.time_since_epoch().count() <= 0;
    const bool long_ago = t < ago(now, retention_of_({}).max_age);
    if (everything || newest > at || (topics.dense && long_ago)) {
        all.newest = newest;
        return all;
    }
    for (const topic_log* log : topics.logs) {
        if (log->trimmed == 0) continue;
        const stored_event* const oldest = log->empty() ? nullptr : log->front().get();
        if (oldest != nullptr && times.counts_from(oldest->pos.value, oldest->stored_at, now) < t)
            continue;
        const bool asked = log->rule.load(std::memory_order_acquire) != &unasked_;
        const retention keep = asked ? log->keep() : retention_of_(log->name());
        const bool full =
            log->kept >= keep.max_events || log->kept_bytes > keep.max_bytes - keep.max_bytes / 8;
        if (!full && t >= ago(now, keep.max_age)) continue;
        if (log->complete()) {
            all.newest = std::max(all.newest, log->trimmed);
        } else {
            all.maybe.push_back(log);
        }
    }
    return all;
}

}  // namespace carillon
