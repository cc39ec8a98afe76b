#include "journal/name_index.hpp"

#include "journal/segments.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace carillon {

// --- patterns

pattern_tree::pattern_tree(std::span<const topic_pattern> patterns) : nodes_(2) {
    for (const topic_pattern& p : patterns) {
        if (!p.is_literal()) add(p.str());
    }
}

void pattern_tree::add(std::string_view pattern) {
    std::uint32_t at = is_hidden(pattern) ? 1 : 0;
    const auto below = [&](std::uint32_t node::* any) {
        if (nodes_[at].*any == 0) {
            nodes_[at].*any = static_cast<std::uint32_t>(nodes_.size());
            nodes_.emplace_back();
        }
        return nodes_[at].*any;
    };
    for (bool last = false; !last;) {
        const std::string_view segment = take_segment(pattern, last);
        if (segment == "**") {
            nodes_[at].deep = true;
            return;
        }
        if (segment == "*") {
            at = below(&node::any);
            continue;
        }
        auto& children = nodes_[at].children;
        auto found = std::ranges::lower_bound(children, segment, {},
                                              [](const auto& child) { return child.first; });
        if (found == children.end() || found->first != segment) {
            found = children.insert(found, {segment, static_cast<std::uint32_t>(nodes_.size())});
            at = found->second;
            nodes_.emplace_back();
        } else {
            at = found->second;
        }
    }
    nodes_[at].ends = true;
}

pattern_tree::states pattern_tree::step(const states& from, std::string_view segment) const {
    states to;
    for (const node* n : from) {
        if (n->any != 0 && !segment.empty()) to.push_back(&nodes_[n->any]);
        const auto child = std::ranges::lower_bound(n->children, segment, {},
                                                    [](const auto& c) { return c.first; });
        if (child != n->children.end() && child->first == segment)
            to.push_back(&nodes_[child->second]);
    }
    return to;
}

namespace {

bool ends_here(const pattern_tree::states& states) noexcept {
    return std::ranges::any_of(states, [](const auto* n) { return n->ends || n->deep; });
}

}  // namespace

bool pattern_tree::matches(std::string_view topic) const {
    states at(1, is_hidden(topic) ? &hidden_root() : &root());
    for (bool last = false; !last && !at.empty();) {
        if (std::ranges::any_of(at, [](const auto* n) { return n->deep; })) return true;
        at = step(at, take_segment(topic, last));
    }
    return ends_here(at);
}

// --- names

name_index::place name_index::next(place p) const noexcept {
    if (++p.index < chunks_[p.chunk]->logs.size()) return p;
    return {p.chunk + 1, 0};
}

/// How many names are there, in constant time.
std::size_t name_index::about_between(place from, place to) const noexcept {
    if (from.chunk == to.chunk) return to.index - from.index;
    const std::size_t chunks = to.chunk - from.chunk - 1;
    return chunks_[from.chunk]->logs.size() - from.index + chunks * (chunk_size / 2) + to.index;
}

// The first place in the range that is not `before`: first by steps, since it is often near.
template <class Before>
name_index::place name_index::partition(place from, place to, Before&& before) const {
    static constexpr int near = 3;
    for (int i = 0; i < near; ++i) {
        if (!(from < to) || !before(at(from))) return from;
        from = next(from);
    }
    if (!(from < to)) return from;
    // The last chunk that begins with one that is before, or the first one of all.
    std::size_t low = from.chunk;
    const std::size_t end = to.index != 0 ? to.chunk + 1 : to.chunk;
    const auto begins_before = [&](std::size_t c) { return before(*chunks_[c]->logs.front()); };
    std::size_t step = 1;
    for (; low + step < end && begins_before(low + step); step *= 2) low += step;
    std::size_t high = std::min(low + step, end);
    while (high - low > 1) {
        const std::size_t middle = low + (high - low) / 2;
        (begins_before(middle) ? low : high) = middle;
    }
    const auto& logs = chunks_[low]->logs;
    const std::size_t first = low == from.chunk ? from.index : 0;
    const std::size_t last = low == to.chunk ? to.index : logs.size();
    const auto begin = logs.begin() + static_cast<std::ptrdiff_t>(first);
    const auto found = std::partition_point(begin, logs.begin() + static_cast<std::ptrdiff_t>(last),
                                            [&](topic_log* log) { return before(*log); });
    const auto index = static_cast<std::size_t>(found - logs.begin());
    return index < logs.size() ? place{low, index} : place{low + 1, 0};
}

name_index::place name_index::first_at(place from, place to, std::string_view name) const {
    return partition(from, to, [&](const topic_log& log) { return log.name() < name; });
}

void name_index::insert(topic_log& log) {
    const bool beyond = chunks_.empty() || chunks_.back()->logs.back()->name() < log.name();
    place where;
    if (!beyond) {
        where = first_at(begin(), end(), log.name());
        // At the end of a chunk rather than in front of the next one.
        if (where.index == 0 && where.chunk > 0)
            where = {where.chunk - 1, chunks_[where.chunk - 1]->logs.size()};
    } else {
        if (chunks_.empty() || chunks_.back()->logs.size() >= chunk_size) {
            chunks_.push_back(std::make_unique<name_chunk>());
            chunks_.back()->logs.reserve(chunk_size + 1);
        }
        where = {chunks_.size() - 1, chunks_.back()->logs.size()};
    }
    name_chunk& in = *chunks_[where.chunk];
    in.logs.insert(in.logs.begin() + static_cast<std::ptrdiff_t>(where.index), &log);
    log.home = &in;
    in.kept += log.kept;
    in.trimmed = std::max(in.trimmed, log.trimmed);
    in.trim_count = std::max(in.trim_count, log.trim_count);
    if (in.logs.size() > chunk_size) split(where.chunk);
}

void name_index::split(std::size_t c) {
    auto made = std::make_unique<name_chunk>();
    name_chunk& left = *chunks_[c];
    name_chunk& right = *made;
    const auto middle = left.logs.begin() + static_cast<std::ptrdiff_t>(left.logs.size() / 2);
    right.logs.reserve(chunk_size + 1);
    right.logs.assign(middle, left.logs.end());
    left.logs.erase(middle, left.logs.end());
    for (topic_log* log : right.logs) {
        log->home = &right;
        right.kept += log->kept;
        right.trimmed = std::max(right.trimmed, log->trimmed);
        right.trim_count = std::max(right.trim_count, log->trim_count);
    }
    left.kept -= right.kept;
    chunks_.insert(chunks_.begin() + static_cast<std::ptrdiff_t>(c + 1), std::move(made));
}

void name_index::erase(topic_log& log) {
    const place where = first_at(begin(), end(), log.name());
    name_chunk& in = *chunks_[where.chunk];
    in.kept -= log.kept;
    in.logs.erase(in.logs.begin() + static_cast<std::ptrdiff_t>(where.index));
    log.home = nullptr;
    if (in.logs.empty()) chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(where.chunk));
}

std::vector<topic_log*> name_index::from(std::string_view name, std::size_t limit) const {
    std::vector<topic_log*> some;
    for (place p = first_at(begin(), end(), name); p < end() && some.size() < limit; p = next(p))
        some.push_back(&at(p));
    return some;
}

// --- both

void name_index::match(const pattern_tree& patterns, name_visitor& visitor) const {
    (void)match_some(patterns, visitor, {}, std::numeric_limits<std::size_t>::max());
}

std::optional<std::string> name_index::match_some(const pattern_tree& patterns,
                                                  name_visitor& visitor, std::string_view from,
                                                  std::size_t looks) const {
    const place first = first_at(begin(), end(), from);
    const place hidden = std::max(first, first_at(begin(), end(), "$"));
    const place shown = std::max(first, first_at(hidden, end(), "%"));  // the character after it
    const pattern_tree::states root(1, &patterns.root());
    const pattern_tree::states hidden_root(1, &patterns.hidden_root());
    walker w{patterns, visitor, from, looks};
    (void)(walk(first, hidden, 0, root, w) && walk(hidden, shown, 0, hidden_root, w) &&
           walk(shown, end(), 0, root, w));
    return std::move(w.next);
}

bool name_index::walker::may_look_at(std::string_view name) {
    // Each walk gets further than it began.
    if (looks == 0 && name > from) {
        next = name;
        return false;
    }
    looks -= looks != 0 ? 1 : 0;
    return true;
}

// Names are spread over memory: a walk waits for little else.
void name_index::prefetch(place p) const noexcept {
    static constexpr std::size_t ahead = 8;
    const auto& logs = chunks_[p.chunk]->logs;
    if (p.index + ahead < logs.size()) logs[p.index + ahead]->prefetch();
}

// All names from `from` to `to` have the same first `skip` bytes, which end with a slash.
bool name_index::walk(place from, place to, std::size_t skip, const pattern_tree::states& states,
                      walker& w) const {
    if (!(from < to)) return true;
    if (std::ranges::any_of(states, [](const auto* n) { return n->deep; }))
        return give_range(from, to, w.visitor);
    // Where only certain segments can go on, each is looked up, unless there are fewer names.
    std::size_t segments = 0;
    for (const auto* n : states) segments += n->children.size();
    const bool any = std::ranges::any_of(states, [](const auto* n) { return n->any != 0; });
    if (!any && segments < about_between(from, to)) return walk_literals(from, to, skip, states, w);
    for (place p = from; p < to;) {
        if (p.index == 0 && p.chunk < to.chunk && w.visitor.skips(*chunks_[p.chunk])) {
            p = {p.chunk + 1, 0};
            continue;
        }
        prefetch(p);
        topic_log& log = at(p);
        if (!w.may_look_at(log.name())) return false;
        std::string_view rest = log.name().substr(skip);
        bool last = false;
        const std::string_view segment = take_segment(rest, last);
        const pattern_tree::states below = w.patterns.step(states, segment);
        if (last) {
            if (ends_here(below) && !w.visitor.one(log)) return false;
            p = next(p);
            continue;
        }
        const std::size_t size = skip + segment.size() + 1;
        const std::string_view prefix = log.name().substr(0, size);
        const place after = partition(
            p, to, [&](const topic_log& other) { return other.name().starts_with(prefix); });
        if (!below.empty() && !walk(p, after, size, below, w)) return false;
        p = after;
    }
    return true;
}

// A topic, and what is below it, are two places in the order of names: others may be between.
bool name_index::walk_literals(place from, place to, std::size_t skip,
                               const pattern_tree::states& states, walker& w) const {
    struct target {
        std::string name;
        std::string_view segment;
        bool below = false;
    };
    const std::string prefix(at(from).name().substr(0, skip));
    std::vector<target> targets;
    for (const auto* n : states) {
        for (const auto& [segment, child] : n->children) {
            targets.push_back({prefix + std::string(segment), segment, false});
            targets.push_back({targets.back().name + '/', segment, true});
        }
    }
    std::ranges::sort(targets, {}, &target::name);
    const auto repeated = std::ranges::unique(targets, {}, &target::name);
    targets.erase(repeated.begin(), repeated.end());
    place p = from;
    for (const target& t : targets) {
        if (!w.may_look_at(t.name)) return false;
        p = first_at(p, to, t.name);
        if (!(p < to)) return true;
        const pattern_tree::states below = w.patterns.step(states, t.segment);
        if (!t.below) {
            if (at(p).name() == t.name && ends_here(below) && !w.visitor.one(at(p))) return false;
            continue;
        }
        const place after = partition(
            p, to, [&](const topic_log& other) { return other.name().starts_with(t.name); });
        if (!walk(p, after, t.name.size(), below, w)) return false;
        p = after;
    }
    return true;
}

bool name_index::give_range(place from, place to, name_visitor& visitor) const {
    std::size_t topics = 0;
    std::uint64_t kept = 0;
    for (std::size_t c = from.chunk + 1; c < to.chunk; ++c) {
        topics += chunks_[c]->logs.size();
        kept += chunks_[c]->kept;
    }
    if (!visitor.before_range(topics, kept)) return false;
    for (place p = from; p < to; p = {p.chunk + 1, 0}) {
        const name_chunk& in = *chunks_[p.chunk];
        const std::size_t last = p.chunk == to.chunk ? to.index : in.logs.size();
        const auto logs = std::span(in.logs).first(last).subspan(p.index);
        if (!visitor.some(logs, in, logs.size() == in.logs.size())) return false;
    }
    return true;
}

}  // namespace carillon
