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
}  // namespace

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
