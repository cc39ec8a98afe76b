#include <carillon/hub/grants.hpp>

#include "journal/segments.hpp"

#include <algorithm>
#include <string_view>

namespace carillon {

namespace {

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
    if (is_hidden(n)) return w == n;
    bool w_last = false;
    bool n_last = false;
    while (!n_last) {
        if (w_last) return false;
        const std::string_view wanted = take_segment(w, w_last);
        if (wanted == "**") return true;
        const std::string_view asked = take_segment(n, n_last);
        if (asked == "**") return false;  // it matches fewer and more segments than `wanted` does
        if (!segment_matches(wanted, asked)) return false;
    }
    return w_last || w == "**";
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
