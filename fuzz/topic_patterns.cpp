// Patterns against topics: `topic_pattern::matches`, the shard's index and a recursive model must
// agree. The input is lines: patterns first, after an empty line topics.
#include <carillon/journal/topic.hpp>

#include "hub/topic_index.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace carillon;
using segments = std::vector<std::string_view>;

void require(bool holds) {
    if (!holds) std::abort();
}

segments split(std::string_view text, char at) {
    segments all;
    for (;;) {
        const std::size_t end = text.find(at);
        all.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return all;
        text.remove_prefix(end + 1);
    }
}

bool matches(std::span<const std::string_view> pattern, std::span<const std::string_view> name) {
    if (pattern.empty()) return name.empty();
    if (pattern[0] == "**") return true;
    if (name.empty()) return false;
    const bool fits = pattern[0] == "*" ? !name[0].empty() : pattern[0] == name[0];
    return fits && matches(pattern.subspan(1), name.subspan(1));
}

bool model_matches(std::string_view pattern, std::string_view name) {
    const segments wanted = split(pattern, '/');
    if (name.starts_with('$') && wanted[0].starts_with('*')) return false;
    return matches(wanted, split(name, '/'));
}

bool model_accepts(const segments& pattern) {
    const bool wild =
        std::ranges::any_of(pattern, [](std::string_view s) { return s.starts_with('*'); });
    if (wild && pattern[0].starts_with('$')) return false;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i].find('*') == std::string_view::npos || pattern[i] == "*") continue;
        if (pattern[i] != "**" || i + 1 != pattern.size()) return false;
    }
    return true;
}

void check(const event& e, topic_index& index, const interest_filter& interest,
           const std::vector<topic_pattern>& patterns) {
    std::vector<topic_node*> found;
    index.match(e, found);
    std::vector<std::string> told;
    for (const topic_node* node : found) told.push_back(node->pattern.str());
    std::ranges::sort(told);
    std::vector<std::string> wanted;
    for (const topic_pattern& p : patterns) {
        const bool any = std::ranges::any_of(
            e.topics, [&](const topic& t) { return model_matches(p.str(), t.str()); });
        if (any) wanted.push_back(p.str());
    }
    require(told == wanted);
    require(wanted.empty() || interest.wants(e));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    std::vector<topic_pattern> patterns;
    event e;
    bool names = false;
    for (const std::string_view line : split(text, '\n')) {
        if (line.empty()) {
            names = true;
        } else if (names) {
            if (auto t = topic::parse(line)) e.topics.push_back(*std::move(t));
        } else if (auto p = topic_pattern::parse(line)) {
            require(model_accepts(split(line, '/')));
            patterns.push_back(*std::move(p));
        }
    }
    const auto unique = [](auto& all) {
        std::ranges::sort(all);
        const auto repeated = std::ranges::unique(all);
        all.erase(repeated.begin(), repeated.end());
    };
    unique(patterns);
    unique(e.topics);
    if (e.topics.empty()) return 0;

    interest_filter interest;
    topic_index index(interest);
    for (const topic_pattern& p : patterns) {
        (void)index.get(p, {});
        for (const topic& t : e.topics) {
            const bool wanted = model_matches(p.str(), t.str());
            require(p.matches(t.str()) == wanted);
            require(!wanted || t.str().starts_with(p.literal_prefix()));
        }
    }
    // As nodes go, the rest must still be found.
    while (!patterns.empty()) {
        check(e, index, interest, patterns);
        index.erase(*index.find(patterns.back()));
        patterns.pop_back();
    }
    check(e, index, interest, patterns);
    require(index.size() == 0 && !interest.wants(e));
    return 0;
}
