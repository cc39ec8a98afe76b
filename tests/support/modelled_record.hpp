// What a model of the hub knows of all that was published, and of what retention has taken of it.
#pragma once

#include <carillon/journal/event.hpp>
#include <carillon/journal/topic.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <ranges>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::testing {

/// One published event. `number` counts all of them, `pos` only the stored ones.
struct modelled_event {
    std::vector<topic> topics;
    std::uint64_t pos = 0;
    bool retained = false;
    std::string id;   ///< the publisher's own; empty: none
    std::string key;  ///< empty: none

    bool is_in(std::string_view name) const {
        return std::ranges::any_of(topics, [&](const topic& t) { return t.str() == name; });
    }
    bool matches(const topic_pattern& p) const {
        return std::ranges::any_of(topics, [&](const topic& t) { return p.matches(t.str()); });
    }
};

/// A journal that keeps so many events of each topic, and of topics that age none from before the
/// last time that they did. It remembers so many topics of which nothing is left; of the others it
/// knows only how far they were trimmed at most.
class modelled_record {
public:
    using patterns = std::vector<topic_pattern>;

    modelled_record(std::uint64_t keep, std::size_t max_empty_topics)
        : keep_(keep), max_empty_(max_empty_topics) {}

    std::uint64_t limit_of(std::string_view name) const {
        return name.starts_with('a') ? keep_ : 1'000'000;
    }
    std::size_t max_empty_topics() const { return max_empty_; }
    static bool ages(std::string_view name) { return name.starts_with('d'); }

    void add(modelled_event e) {
        if (e.pos != 0) {
            head = e.pos;
            for (const topic& t : e.topics) {
                // It may be one of those that were forgotten.
                const auto [at, is_new] = trimmed_.try_emplace(t.str(), forgotten_);
                empty_.erase({at->second, t.str()});
            }
        }
        sent.push_back(std::move(e));
    }

    /// All events of topics that age are too old now.
    void age() {
        for (auto& [name, trimmed] : trimmed_) {
            const std::uint64_t newest = newest_of(name);
            if (!ages(name) || newest <= trimmed) continue;
            trimmed = newest;
            empty_.emplace(trimmed, name);
        }
        while (empty_.size() > max_empty_) {
            const auto oldest = *empty_.begin();
            empty_.erase(empty_.begin());
            forgotten_ = std::max(forgotten_, oldest.first);
            merged.insert(forgotten_);
            trimmed_.erase(oldest.second);
        }
    }

    /// The newest position that may have been taken from the topic.
    std::uint64_t trimmed_of(std::string_view name) const {
        const auto known = trimmed_.find(name);
        if (known == trimmed_.end()) return forgotten_;
        std::uint64_t left = limit_of(name);
        if (left > sent.size()) return known->second;
        for (const modelled_event& e : sent | std::views::reverse) {
            if (e.pos != 0 && e.is_in(name) && left-- == 0) return std::max(e.pos, known->second);
        }
        return known->second;
    }

    /// The same of all topics that match, known or not.
    std::uint64_t lost_of(const patterns& all) const {
        const bool may_be_forgotten = std::ranges::any_of(all, [&](const topic_pattern& p) {
            return !p.is_literal() || !trimmed_.contains(p.str());
        });
        std::uint64_t lost = may_be_forgotten ? forgotten_ : 0;
        for (const auto& [name, trimmed] : trimmed_) {
            if (matches(all, name)) lost = std::max(lost, trimmed_of(name));
        }
        return lost;
    }

    /// Positions that are kept for the patterns, oldest first.
    std::vector<std::uint64_t> kept(const patterns& all) const {
        std::vector<std::uint64_t> there;
        for (const modelled_event& e : sent) {
            const bool is_kept = e.pos != 0 && std::ranges::any_of(e.topics, [&](const topic& t) {
                                     return matches(all, t.str()) && e.pos > trimmed_of(t.str());
                                 });
            if (is_kept) there.push_back(e.pos);
        }
        return there;
    }

    /// The newest event of a topic that was published as its last value.
    const modelled_event* last_value_of(std::string_view name) const {
        for (const modelled_event& e : sent | std::views::reverse) {
            if (e.retained && e.pos != 0 && e.is_in(name)) return &e;
        }
        return nullptr;
    }

    /// The earliest event with this id that is kept in a topic that matches.
    std::optional<std::uint64_t> find_own_id(std::string_view id, const patterns& all) const {
        for (const modelled_event& e : sent) {
            const bool found =
                e.pos != 0 && e.id == id && std::ranges::any_of(e.topics, [&](const topic& t) {
                    return matches(all, t.str()) && e.pos > trimmed_of(t.str());
                });
            if (found) return e.pos;
        }
        return std::nullopt;
    }

    /// Whether each of the event's topics that a pattern matches has a newer event with its key.
    bool is_replaced(const modelled_event& e, const topic_pattern& p) const {
        if (e.key.empty()) return false;
        return std::ranges::all_of(e.topics, [&](const topic& t) {
            return !p.matches(t.str()) || std::ranges::any_of(sent, [&](const modelled_event& n) {
                return n.pos > e.pos && n.key == e.key && n.is_in(t.str());
            });
        });
    }

    std::vector<modelled_event> sent;  ///< by number
    std::uint64_t head = 0;
    std::set<std::uint64_t> merged;  ///< marks that stood for all forgotten topics

private:
    static bool matches(const patterns& all, std::string_view name) {
        return std::ranges::any_of(all, [&](const topic_pattern& p) { return p.matches(name); });
    }
    std::uint64_t newest_of(std::string_view name) const {
        for (const modelled_event& e : sent | std::views::reverse) {
            if (e.pos != 0 && e.is_in(name)) return e.pos;
        }
        return 0;
    }

    const std::uint64_t keep_;
    const std::size_t max_empty_;
    std::map<std::string, std::uint64_t, std::less<>> trimmed_;  ///< known topics, by age and merge
    std::set<std::pair<std::uint64_t, std::string>> empty_;      ///< by trim mark
    std::uint64_t forgotten_ = 0;
};

}  // namespace carillon::testing
