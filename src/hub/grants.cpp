#include <carillon/hub/grants.hpp>

#include <algorithm>
#include <string_view>

namespace carillon {

namespace {

/// Takes the first segment off `rest`; nothing is left of a path when `more` turns false.
std::string_view take_segment(std::string_view& rest, bool& more) noexcept {
    const std::size_t slash = rest.find('/');
    more = slash != std::string_view::npos;
    const std::string_view segment = rest.substr(0, slash);
    rest.remove_prefix(more ? slash + 1 : rest.size());
    return segment;
}

bool any_matches(const std::vector<topic_pattern>& patterns, const topic& t) noexcept {
    return !t.internal() && std::ranges::any_of(patterns, [&](const topic_pattern& p) {
        return p.matches(t.str());
    });
}

void sort_uniquely(std::vector<topic_pattern>& patterns) {
    std::ranges::sort(patterns);
    const auto repeated = std::ranges::unique(patterns);
    patterns.erase(repeated.begin(), repeated.end());
}

}  // namespace

bool covers(const topic_pattern& wide, const topic_pattern& narrow) noexcept {
    std::string_view w = wide.str();
    std::string_view n = narrow.str();
    if (n.starts_with('$')) return w == n;
    bool w_more = true;
    bool n_more = true;
    while (n_more) {
        if (!w_more) return false;
        const std::string_view wanted = take_segment(w, w_more);
        if (wanted == "**") return true;
        const std::string_view asked = take_segment(n, n_more);
        if (asked == "**") return false;  // it matches fewer and more segments than `wanted` does
        if (wanted == "*" ? asked.empty() : wanted != asked) return false;
    }
    return !w_more || w == "**";
}

bool grant_set::may_publish(const topic& t) const noexcept { return any_matches(publish, t); }
bool grant_set::may_see(const topic& t) const noexcept { return any_matches(subscribe, t); }

bool grant_set::may_subscribe(const topic_pattern& asked) const noexcept {
    return !asked.str().starts_with('$') &&
           std::ranges::any_of(subscribe, [&](const topic_pattern& p) { return covers(p, asked); });
}

void grant_set::normalise() {
    sort_uniquely(publish);
    sort_uniquely(subscribe);
}

}  // namespace carillon
