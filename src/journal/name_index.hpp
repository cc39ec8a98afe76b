// The names of all topics in order, so that patterns cost what they match.
#pragma once

#include <carillon/journal/topic.hpp>

#include "journal/topic_log.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/container/small_vector.hpp>

namespace carillon {

/// Some hundred topics that stand together in the order of names, and sums over them.
struct name_chunk {
    std::vector<topic_log*> logs;
    std::uint64_t kept = 0;        ///< events
    std::uint64_t trimmed = 0;     ///< at least the newest trim mark of those that are here
    std::uint64_t trim_count = 0;  ///< likewise
};

/// Patterns with wildcards, merged into a tree of segments: what several begin with is looked at
/// once. Views the patterns.
class pattern_tree {
public:
    struct node {
        std::vector<std::pair<std::string_view, std::uint32_t>> children = {};  ///< by segment
        std::uint32_t any = 0;  ///< below `*`; 0: none
        bool ends = false;      ///< a pattern ends here
        bool deep = false;      ///< one goes on with `**`
    };
    using states = boost::container::small_vector<const node*, 8>;

    /// Those of `patterns` that have wildcards.
    explicit pattern_tree(std::span<const topic_pattern> patterns);

    bool empty() const noexcept { return nodes_.size() == 2; }
    /// Where topics begin that wildcards in the first segment reach, and where the hub's own do.
    const node& root() const noexcept { return nodes_[0]; }
    const node& hidden_root() const noexcept { return nodes_[1]; }
    states step(const states& from, std::string_view segment) const;
    /// Whether one of the patterns matches the topic.
    bool matches(std::string_view topic) const;
    const node& at(std::uint32_t i) const noexcept { return nodes_[i]; }

private:
    void add(std::string_view pattern);

    std::vector<node> nodes_;
};

/// What is done with the topics that match. Each call gives false to end the walk.
class name_visitor {
public:
    virtual bool one(topic_log& log) = 0;
    /// All of some that stand together; `whole`: they are all of the chunk.
    virtual bool some(std::span<topic_log* const> logs, const name_chunk& in, bool whole) = 0;
    /// Asked before a range of several chunks is given by `some`.
    virtual bool before_range(std::size_t, std::uint64_t) { return true; }
    /// True: nothing in the chunk is of interest.
    virtual bool skips(const name_chunk&) const { return false; }

protected:
    ~name_visitor() = default;
};

/// Not synchronised.
class name_index {
public:
    /// Cheapest for a name beyond all others.
    void insert(topic_log& log);
    /// While the topic's numbers are as they are here.
    void erase(topic_log& log);

    /// Each topic that a pattern with wildcards matches, once, in the order of names.
    void match(const pattern_tree& patterns, name_visitor& visitor) const;
    /// The same from the name `from` on, with about `looks` looks at names. Gives where to go on;
    /// nothing if all were looked at or the visitor has ended the walk.
    std::optional<std::string> match_some(const pattern_tree& patterns, name_visitor& visitor,
                                          std::string_view from, std::size_t looks) const;
    /// Up to `limit` topics from this name on.
    std::vector<topic_log*> from(std::string_view name, std::size_t limit) const;

    /// Bytes that it takes itself, without the topics.
    std::size_t memory() const noexcept {
        return chunks_.size() * (sizeof(name_chunk) + (chunk_size + 1) * sizeof(topic_log*));
    }

private:
    static constexpr std::size_t chunk_size = 256;

    struct place {
        std::size_t chunk = 0;
        std::size_t index = 0;
        friend auto operator<=>(const place&, const place&) = default;
    };

    topic_log& at(place p) const noexcept { return *chunks_[p.chunk]->logs[p.index]; }
    place begin() const noexcept { return {}; }
    place end() const noexcept { return {chunks_.size(), 0}; }
    place next(place p) const noexcept;
    void prefetch(place p) const noexcept;
    std::size_t about_between(place from, place to) const noexcept;
    template <class Before>
    place partition(place from, place to, Before&& before) const;
    place first_at(place from, place to, std::string_view name) const;
    void split(std::size_t chunk);
    /// A walk under way.
    struct walker {
        const pattern_tree& patterns;
        name_visitor& visitor;
        std::string_view from;                 ///< where it began
        std::size_t looks;                     ///< that are left
        std::optional<std::string> next = {};  ///< where they ended

        /// False if the walk pauses at the name.
        bool may_look_at(std::string_view name);
    };
    bool walk(place from, place to, std::size_t skip, const pattern_tree::states& states,
              walker& w) const;
    bool walk_literals(place from, place to, std::size_t skip, const pattern_tree::states& states,
                       walker& w) const;
    bool give_range(place from, place to, name_visitor& visitor) const;

    std::vector<std::unique_ptr<name_chunk>> chunks_;  ///< none is empty
};

}  // namespace carillon
