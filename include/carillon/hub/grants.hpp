// What a caller may publish under and listen to.
#pragma once

#include <carillon/journal/topic.hpp>

#include <compare>
#include <string_view>
#include <vector>

namespace carillon {

/// A value. Grants are about topics that publishers name: the hub's own space (`$…`) is reached by
/// no grant, whatever its patterns say.
struct grant_set {
    std::vector<topic_pattern> publish;
    std::vector<topic_pattern> subscribe;

    bool may_publish(const topic& t) const noexcept;
    /// Whether private events of this topic may be shown.
    bool may_see(const topic& t) const noexcept;
    /// Whether every topic that `asked` matches may be listened to.
    bool may_subscribe(const topic_pattern& asked) const noexcept;

    /// Sorted and without repetitions, so that equal grants compare equal.
    void normalise();

    friend bool operator==(const grant_set&, const grant_set&) = default;
    friend auto operator<=>(const grant_set&, const grant_set&) = default;
};

/// Whether `wide` matches every topic that `narrow` matches.
bool covers(const topic_pattern& wide, const topic_pattern& narrow) noexcept;

}  // namespace carillon
