// Topic -> who listens on this shard.
#pragma once

#include <carillon/hub/options.hpp>
#include <carillon/journal/event.hpp>
#include <carillon/journal/topic.hpp>

#include "base/string_map.hpp"
#include "hub/encoded_event.hpp"
#include "hub/interest_filter.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>

namespace carillon {

struct subscriber;

/// The streams that listen to one topic, by place. Of the topics that are a user's or a session's
/// own there are as many as streams, and each has one: it needs no memory beside.
class subscriber_list {
public:
    std::size_t size() const noexcept { return many_ ? many_->size() : one_ != nullptr ? 1u : 0u; }
    bool empty() const noexcept { return size() == 0; }
    subscriber*& operator[](std::size_t i) noexcept { return begin()[i]; }
    subscriber** begin() noexcept { return many_ ? many_->data() : &one_; }
    subscriber** end() noexcept { return begin() + size(); }
    subscriber* const* begin() const noexcept { return many_ ? many_->data() : &one_; }
    subscriber* const* end() const noexcept { return begin() + size(); }

    void push_back(subscriber* s) {
        if (!many_ && one_ != nullptr) {
            auto both = std::make_unique<std::vector<subscriber*>>();
            both->reserve(2);
            both->push_back(one_);
            many_ = std::move(both);
        }
        if (many_) {
            many_->push_back(s);
        } else {
            one_ = s;
        }
    }
    void pop_back() noexcept {
        if (many_) {
            many_->pop_back();
        } else {
            one_ = nullptr;
        }
    }

private:
    subscriber* one_ = nullptr;                       ///< if there are not, and were not, more
    std::unique_ptr<std::vector<subscriber*>> many_;  ///< all of them
};

/// What was routed to a topic and the pass over its subscribers that is under way.
struct topic_pass {
    std::vector<std::shared_ptr<encoded_event>> recent;  ///< not yet written to all, oldest first
    std::size_t next = 0;     ///< the subscriber that the pass under way serves next
    std::size_t covered = 0;  ///< how many of `recent` the pass under way had when it began
};

/// A topic or pattern that somebody on this shard listens to.
struct topic_node {
    explicit topic_node(topic_pattern p) : pattern(std::move(p)) {}

    const topic_pattern pattern;
    const topic_options* options =
        nullptr;  ///< the index's, shared with nodes of the same; never null
    subscriber_list subscribers;
    std::unique_ptr<topic_pass> pass;  ///< null until the first event comes
    bool dirty = false;                ///< queued for a pass
    bool in_pass = false;
    bool waiting = false;  ///< for its coalescing window to end
    interest_filter::place counted = 0;

    std::span<const std::shared_ptr<encoded_event>> recent() const noexcept {
        return pass ? std::span<const std::shared_ptr<encoded_event>>(pass->recent)
                    : std::span<const std::shared_ptr<encoded_event>>();
    }
};

/// Confined to its shard.
class topic_index {
public:
    explicit topic_index(interest_filter& interest);
    ~topic_index();

    /// A new node begins with these options.
    topic_node& get(const topic_pattern& p, const topic_options& options);
    /// Asks anew for the options of every node.
    void give_options(const std::function<topic_options(const topic_node&)>& options_of);
    topic_node* find(const topic_pattern& p) const;
    /// Forgets a node that has no subscribers.
    void erase(topic_node& node);
    /// Adds every node that listens to one of the event's topics, each once.
    void match(const event& e, std::vector<topic_node*>& out) const;
    std::size_t size() const noexcept { return literal_.size() + wild_.size(); }
    template <class Callback>
    void each(Callback&& call) {
        for (const auto& node : literal_) call(*node);
        for (const auto& node : wild_) call(*node);
    }

private:
    struct branch;
    topic_node*& place_in_tree(const topic_pattern& p);
    void match_wild(const branch& at, std::string_view rest, bool first,
                    std::vector<topic_node*>& out) const;

    struct by_name {
        using is_transparent = void;
        std::size_t operator()(std::string_view name) const noexcept { return string_hash{}(name); }
        std::size_t operator()(const std::unique_ptr<topic_node>& n) const noexcept {
            return string_hash{}(n->pattern.str());
        }
    };
    struct same_name {
        using is_transparent = void;
        bool operator()(const std::unique_ptr<topic_node>& a,
                        const std::unique_ptr<topic_node>& b) const noexcept {
            return a->pattern == b->pattern;
        }
        bool operator()(std::string_view name,
                        const std::unique_ptr<topic_node>& n) const noexcept {
            return n->pattern.str() == name;
        }
        bool operator()(const std::unique_ptr<topic_node>& n,
                        std::string_view name) const noexcept {
            return n->pattern.str() == name;
        }
    };
    /// By the nodes' own names: a copy beside each would cost as much again.
    using node_set = boost::unordered_flat_set<std::unique_ptr<topic_node>, by_name, same_name>;
    static node_set::const_iterator find_in(const node_set& nodes, std::string_view name) {
        return nodes.find(name);
    }
    struct less_options {
        bool operator()(const topic_options& a, const topic_options& b) const noexcept;
    };
    using option_set = std::set<topic_options, less_options>;

    interest_filter& interest_;
    option_set options_;  ///< as many as there are different ones
    node_set literal_, wild_;
    std::unique_ptr<branch> root_;
};

}  // namespace carillon
