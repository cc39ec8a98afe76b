// Topic -> who listens on this shard.
#pragma once

#include <carillon/hub/options.hpp>
#include <carillon/journal/event.hpp>
#include <carillon/journal/topic.hpp>

#include "base/string_map.hpp"
#include "hub/encoded_event.hpp"
#include "hub/interest_filter.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

struct subscriber;

/// A topic or pattern that somebody on this shard listens to.
struct topic_node {
    explicit topic_node(topic_pattern p) : pattern(std::move(p)) {}

    const topic_pattern pattern;
    topic_options options;
    std::vector<subscriber*> subscribers;
    std::vector<std::shared_ptr<encoded_event>>
        recent;               ///< routed and not yet written to all, oldest first
    std::size_t next = 0;     ///< the subscriber that the pass under way serves next
    std::size_t covered = 0;  ///< how many of `recent` the pass under way had when it began
    bool dirty = false;       ///< queued for a pass
    bool in_pass = false;
    bool waiting = false;  ///< for its coalescing window to end
    interest_filter::place counted = 0;
};

/// Confined to its shard.
class topic_index {
public:
    explicit topic_index(interest_filter& interest);
    ~topic_index();

    topic_node& get(const topic_pattern& p, const topic_options_lookup& options_of);
    topic_node* find(const topic_pattern& p) const;
    /// Forgets a node that has no subscribers.
    void erase(topic_node& node);
    /// Adds every node that listens to one of the event's topics, each once.
    void match(const event& e, std::vector<topic_node*>& out) const;
    std::size_t size() const noexcept { return literal_.size() + wild_.size(); }
    template <class Callback>
    void each(Callback&& call) {
        for (auto& [name, node] : literal_) call(*node);
        for (auto& [name, node] : wild_) call(*node);
    }

private:
    struct branch;
    void match_wild(const branch& at, std::string_view rest, bool first,
                    std::vector<topic_node*>& out) const;

    interest_filter& interest_;
    string_map<std::unique_ptr<topic_node>> literal_;
    string_map<std::unique_ptr<topic_node>> wild_;
    std::unique_ptr<branch> root_;
};

}  // namespace carillon
