#include <carillon/hub/options.hpp>

#include <array>
#include <utility>

namespace carillon {

namespace {
constexpr std::array<std::pair<slow_policy, std::string_view>, 4> names{{
    {slow_policy::catch_up, "catch_up"},
    {slow_policy::drop_oldest, "drop_oldest"},
    {slow_policy::conflate, "conflate"},
    {slow_policy::cut, "cut"},
}};
/// In the order of `presence_rule`.
constexpr std::array<std::string_view, 4> rules{"off", "hidden", "users", "everyone"};
}  // namespace

std::string_view to_string(presence_rule r) noexcept { return rules[static_cast<std::size_t>(r)]; }

std::optional<presence_rule> parse_presence_rule(std::string_view name) noexcept {
    for (std::size_t i = 0; i < rules.size(); ++i) {
        if (rules[i] == name) return static_cast<presence_rule>(i);
    }
    return std::nullopt;
}

std::string_view to_string(slow_policy p) noexcept {
    for (const auto& [policy, name] : names) {
        if (policy == p) return name;
    }
    return names[0].second;
}

std::optional<slow_policy> parse_slow_policy(std::string_view text) noexcept {
    for (const auto& [policy, name] : names) {
        if (name == text) return policy;
    }
    return std::nullopt;
}

}  // namespace carillon
