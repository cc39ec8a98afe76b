#include "http/server.hpp"
#include "http/text.hpp"

#include <algorithm>
#include <cassert>

namespace carillon::http {

namespace {

struct route {
    std::string method;
    handler on_request;
    upload_handler on_upload;
    route_rules rules;
};

/// What follows the next slash, and the segment before it. `path` holds no leading slash.
std::string_view first_segment(std::string_view path) noexcept {
    return path.substr(0, path.find('/'));
}

}  // namespace

struct router::node {
    /// Few per node: comparing them is quicker than hashing the segment.
    std::vector<std::pair<std::string, std::unique_ptr<node>>> literals;
    std::unique_ptr<node> one;   ///< `{name}`
    std::unique_ptr<node> rest;  ///< `{name...}`
    std::vector<route> routes;

    const node* literal(std::string_view segment) const noexcept {
        for (const auto& [text, next] : literals) {
            if (text == segment) return next.get();
        }
        return nullptr;
    }

    const route* find(std::string_view method) const noexcept {
        const auto found = std::ranges::find(routes, method, &route::method);
        return found == routes.end() ? nullptr : &*found;
    }
};

namespace {

/// One look-up: walks the tree in order of precedence, and goes back where a branch turns out to be
/// a dead end or not to know the method.
template <class Node>
class search {
public:
    explicit search(std::string_view method) : method_(method) {}

    /// `path` is what follows the slash; nothing: the path ends here.
    const route* walk(const Node& at, std::optional<std::string_view> path) {
        if (!path) return visit(at);
        const std::string_view segment = first_segment(*path);
        const auto after = path->size() == segment.size()
                               ? std::nullopt
                               : std::optional(path->substr(segment.size() + 1));
        if (const Node* next = literal(at, segment)) {
            if (const route* found = walk(*next, after)) return found;
        }
        if (at.one && !segment.empty()) {
            if (const route* found = with_value(segment, [&] { return walk(*at.one, after); })) {
                return found;
            }
        }
        if (at.rest && !path->empty()) {
            return with_value(*path, [&] { return visit(*at.rest); });
        }
        return nullptr;
    }

    std::vector<std::string> take_values() { return std::move(values_); }

    /// The methods of every pattern that fits the path; empty if none does.
    std::string allow() const {
        if (!path_known_) return {};
        auto methods = methods_;
        const auto add = [&](std::string_view m) {
            if (std::ranges::find(methods, m) == methods.end()) methods.push_back(m);
        };
        if (std::ranges::find(methods, "GET") != methods.end()) add("HEAD");
        add("OPTIONS");
        std::string list;
        for (const std::string_view m : methods) {
            if (!list.empty()) list += ", ";
            list += m;
        }
        return list;
    }

private:
    const route* visit(const Node& at) {
        if (const route* found = at.find(method_)) return found;
        for (const route& r : at.routes) {
            path_known_ = true;
            if (std::ranges::find(methods_, r.method) == methods_.end()) {
                methods_.push_back(r.method);
            }
        }
        return nullptr;
    }

    static const Node* literal(const Node& at, std::string_view segment) {
        const Node* const found = at.literal(segment);
        if (found != nullptr || !segment.contains('%')) return found;
        const auto decoded = percent_decode(segment);
        return decoded ? at.literal(*decoded) : nullptr;
    }

    template <class Deeper>
    const route* with_value(std::string_view raw, Deeper&& deeper) {
        auto decoded = percent_decode(raw);
        if (!decoded) return nullptr;
        values_.push_back(std::move(*decoded));
        const route* const found = deeper();
        if (found == nullptr) values_.pop_back();
        return found;
    }

    std::string_view method_;
    std::vector<std::string> values_;
    std::vector<std::string_view> methods_;
    bool path_known_ = false;
};

}  // namespace

router::router() : root_(std::make_unique<node>()) {}
router::~router() = default;

void router::add(std::string_view method, std::string_view pattern, handler h, upload_handler u,
                 route_rules rules) {
    assert(pattern.starts_with('/'));
    node* at = root_.get();
    std::string_view left = pattern.substr(1);
    const auto descend = [&](std::unique_ptr<node>& next) {
        if (!next) next = std::make_unique<node>();
        at = next.get();
    };
    while (!left.empty()) {
        const std::string_view segment = first_segment(left);
        left.remove_prefix(std::min(segment.size() + 1, left.size()));
        if (segment.starts_with('{') && segment.ends_with("...}")) {
            assert(left.empty());
            descend(at->rest);
        } else if (segment.starts_with('{') && segment.ends_with('}')) {
            descend(at->one);
        } else {
            const auto same = [&](const auto& entry) { return entry.first == segment; };
            if (std::ranges::none_of(at->literals, same)) {
                at->literals.emplace_back(segment, nullptr);
            }
            descend(std::ranges::find_if(at->literals, same)->second);
        }
    }
    at->routes.push_back({std::string(method), std::move(h), std::move(u), std::move(rules)});
}

router::match router::find(std::string_view method, std::string_view path) const {
    match result;
    if (!path.starts_with('/')) return result;
    const std::string_view wanted = method == "HEAD" ? "GET" : method;
    const auto look = [&](std::string_view at) -> search<node> {
        const auto inside = at.size() <= 1 ? std::nullopt : std::optional(at.substr(1));
        search<node> looking(wanted);
        const route* const found = looking.walk(*root_, inside);
        if (found == nullptr) return looking;
        result.on_request = &found->on_request;
        if (found->on_upload) result.on_upload = &found->on_upload;
        result.rules = &found->rules;
        result.values = looking.take_values();
        return looking;
    };
    const std::string allowed = look(path).allow();
    if (result.rules != nullptr) return result;
    // People type "/guides/" and mean "/guides".
    if (wanted == "GET" && allowed.empty() && path.size() > 2 && path.ends_with('/')) {
        path.remove_suffix(1);
        look(path);
        if (result.rules != nullptr && result.rules->any_page) return result;
        result = {};
    }
    result.allow = allowed;
    return result;
}

}  // namespace carillon::http
