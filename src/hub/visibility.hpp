// Whether an event is shown to a reader: asked live, in replay, in history, for last values and
// before an event is taken back, and decided here only.
#pragma once

#include <carillon/hub/identity.hpp>
#include <carillon/journal/event.hpp>

#include "hub/kept_identity.hpp"
#include "hub/own_topic.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon {

/// Equal grants of many streams, once, with a number that no other set ever has: what was decided
/// for one stays right when it is gone.
struct numbered_grants {
    grant_set grants;
    std::uint64_t number = 0;
};
using grants_ptr = std::shared_ptr<const numbered_grants>;

/// Confined to its shard. Sets live as long as somebody has them.
class grant_table {
public:
    /// Null for a set that lets nothing be seen.
    grants_ptr intern(const grant_set& grants);
    std::size_t size() const noexcept { return known_.size(); }

private:
    void forget_unused();

    std::map<grant_set, std::weak_ptr<const numbered_grants>> known_;
    std::size_t forget_at_ = 64;  ///< so many sets make it worth a look
    std::uint64_t last_number_ = 0;
};

/// Equal filters of many streams, once: streams of a kind often filter alike. Confined to its
/// shard. One that nobody has any more is forgotten when many others have come.
class filter_table {
public:
    std::shared_ptr<const event_filter> intern(const event_filter& filter);
    std::size_t size() const noexcept { return known_.size(); }

private:
    using filter_ptr = std::shared_ptr<const event_filter>;
    struct by_value {
        using is_transparent = void;
        bool operator()(const filter_ptr& a, const filter_ptr& b) const { return *a < *b; }
        bool operator()(const filter_ptr& a, const event_filter& b) const { return *a < b; }
        bool operator()(const event_filter& a, const filter_ptr& b) const { return a < *b; }
    };

    std::set<filter_ptr, by_value> known_;
    std::size_t forget_at_ = 64;
};

/// What was found out about one event, kept with it. Confined to its shard.
class visibility_memo {
public:
    /// Whether the grants let a private event be seen, by one of its topics.
    bool granted(const numbered_grants& to, const event& e);
    const std::vector<attribute>& metadata(const event& e);

private:
    struct verdict {
        std::uint64_t number = 0;  ///< of the grants; 0: none
        bool shown = false;
    };
    std::array<verdict, 8> verdicts_{};  ///< by number modulo the size
    std::optional<std::vector<attribute>> metadata_;
};

/// A reader, as far as the predicate has to know. Null: none.
struct viewer {
    const numbered_grants* grants = nullptr;
    const kept_identity* who = nullptr;
    const event_filter* filter = nullptr;
};

/// Whether more than listening to one of its topics is asked for: it was published as private, or
/// to an audience.
inline bool is_guarded(const event& e) noexcept {
    if (e.is_private) return true;
    for (const topic& t : e.topics)
        if (t.internal()) return true;
    return false;
}

bool passes(const event_filter& filter, const event& e, visibility_memo& memo);

/// Whether the reader has all attributes that the event asks for besides the one it is routed by.
bool meets_conditions(const viewer& v, const event& e);

/// The predicate. `listens(topic)` says whether the reader listens to a topic of the hub's own: the
/// hub lets nobody do so who may not.
template <class Listens>
bool shows(const viewer& v, const event& e, visibility_memo& memo, Listens&& listens) {
    if (v.filter != nullptr && !passes(*v.filter, e, memo)) return false;
    if (!is_guarded(e)) return true;
    for (const topic& t : e.topics) {
        if (!t.internal() || is_condition_topic(t.str()) || !listens(t)) continue;
        if (!is_attribute_topic(t.str()) || meets_conditions(v, e)) return true;
    }
    return v.grants != nullptr && memo.granted(*v.grants, e);
}

}  // namespace carillon
