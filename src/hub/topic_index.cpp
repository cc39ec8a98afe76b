#include "hub/topic_index.hpp"

#include "journal/segments.hpp"

#include <algorithm>
#include <tuple>

namespace carillon {

/// The patterns as a tree of segments.
struct topic_index::branch {
    string_map<std::unique_ptr<branch>> children;
    std::unique_ptr<branch> any;      ///< below `*`
    topic_node* ends = nullptr;       ///< a pattern that ends here
    topic_node* ends_deep = nullptr;  ///< a pattern that ends here with `**`

    bool empty() const noexcept {
        return children.empty() && !any && ends == nullptr && ends_deep == nullptr;
    }
};

topic_index::topic_index(interest_filter& interest)
    : interest_(interest), root_(std::make_unique<branch>()) {}
topic_index::~topic_index() = default;

topic_node* topic_index::find(const topic_pattern& p) const {
    const auto& nodes = p.is_literal() ? literal_ : wild_;
    const auto found = find_in(nodes, p.str());
    return found == nodes.end() ? nullptr : found->get();
}

bool topic_index::less_options::operator()(const topic_options& a,
                                           const topic_options& b) const noexcept {
    const auto all = [](const topic_options& o) {
        return std::tie(o.slow, o.cut_after, o.max_lag.events, o.max_lag.bytes, o.max_lag.age,
                        o.coalesce_window, o.presence);
    };
    return all(a) < all(b);
}

void topic_index::give_options(const std::function<topic_options(const topic_node&)>& options_of) {
    option_set now;
    each([&](topic_node& node) { node.options = &*now.insert(options_of(node)).first; });
    options_.swap(now);
}

topic_node& topic_index::get(const topic_pattern& p, const topic_options& options) {
    if (topic_node* known = find(p)) return *known;
    // What takes memory comes first: a node is there as a whole or not at all.
    topic_node** const in_tree = p.is_literal() ? nullptr : &place_in_tree(p);
    auto made = std::make_unique<topic_node>(p);
    topic_node& node = *made;
    node.options = &*options_.insert(options).first;
    (p.is_literal() ? literal_ : wild_).insert(std::move(made));
    node.counted = interest_.add(p);
    if (in_tree != nullptr) *in_tree = &node;
    return node;
}

topic_node*& topic_index::place_in_tree(const topic_pattern& p) {
    branch* at = root_.get();
    std::string_view rest = p.str();
    for (bool last = false; !last;) {
        const std::string_view segment = take_segment(rest, last);
        if (segment == "**") return at->ends_deep;
        if (segment != "*" && !at->children.contains(segment))
            at->children.emplace(std::string(segment), std::make_unique<branch>());
        if (segment == "*" && !at->any) at->any = std::make_unique<branch>();
        at = segment == "*" ? at->any.get() : at->children.find(segment)->second.get();
    }
    return at->ends;
}

void topic_index::erase(topic_node& node) {
    interest_.remove(node.pattern, node.counted);
    if (node.pattern.is_literal()) {
        literal_.erase(find_in(literal_, node.pattern.str()));
        return;
    }
    // Walk down, remember the way, then prune what became empty.
    std::vector<std::pair<branch*, std::string_view>> way;
    branch* at = root_.get();
    std::string_view rest = node.pattern.str();
    bool deep = false;
    for (bool last = false; !last && !deep;) {
        const std::string_view segment = take_segment(rest, last);
        deep = segment == "**";
        if (deep) break;
        way.emplace_back(at, segment);
        at = segment == "*" ? at->any.get() : at->children.find(segment)->second.get();
    }
    (deep ? at->ends_deep : at->ends) = nullptr;
    for (; at->empty() && !way.empty(); way.pop_back()) {
        const auto [parent, segment] = way.back();
        if (segment == "*") {
            parent->any.reset();
        } else {
            parent->children.erase(parent->children.find(segment));
        }
        at = parent;
    }
    wild_.erase(find_in(wild_, node.pattern.str()));
}

void topic_index::match_wild(const branch& at, std::string_view rest, bool first,
                             std::vector<topic_node*>& out) const {
    // No wildcard reaches a first segment that begins with `$`: that space is the hub's own.
    const bool hidden = first && is_hidden(rest);
    if (at.ends_deep != nullptr && !hidden) out.push_back(at.ends_deep);
    bool last = false;
    const std::string_view segment = take_segment(rest, last);
    const auto follow = [&](const branch& below) {
        if (!last) {
            match_wild(below, rest, false, out);
            return;
        }
        if (below.ends != nullptr) out.push_back(below.ends);
        if (below.ends_deep != nullptr) out.push_back(below.ends_deep);
    };
    if (const auto child = at.children.find(segment); child != at.children.end())
        follow(*child->second);
    if (at.any && !segment.empty() && !hidden) follow(*at.any);
}

void topic_index::match(const event& e, std::vector<topic_node*>& out) const {
    const std::size_t before = out.size();
    for (const topic& t : e.topics) {
        if (const auto found = find_in(literal_, t.str()); found != literal_.end())
            out.push_back(found->get());
        if (!wild_.empty()) match_wild(*root_, t.str(), true, out);
    }
    if (e.topics.size() == 1) return;
    const auto added = out.begin() + static_cast<std::ptrdiff_t>(before);
    std::sort(added, out.end());
    out.erase(std::unique(added, out.end()), out.end());
}

}  // namespace carillon
