// The record as callers above the hub see it: by the same predicate as streams.
#pragma once

#include <carillon/hub/record.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

class hub;

/// Thread-safe. Callbacks run on any thread, perhaps before the call returns.
class record_access {
public:
    explicit record_access(hub& owner) : hub_(owner) {}

    void history(history_query q, std::function<void(result<history_page>)> done) const;
    /// Of an event that was replaced what has its place now. Error `not_found`: there is none, or
    /// the caller may not see it.
    void find(event_reference what, std::function<void(result<event_ptr>)> done) const;
    void last_values_below(const topic& prefix, position after,
                           std::function<void(result<snapshot_page>)> done) const;
    /// For services: the newest event of a topic, private or not; null if nothing is kept.
    void last_of(const topic& where, std::function<void(result<event_ptr>)> done) const;
    /// The place in a topic that a cursor stands for; nothing if nobody knows it.
    void locate(const topic& where, std::string id,
                std::function<void(result<std::optional<position>>)> done) const;

    /// As it goes out: a publisher's own id, the hub's, or nothing for an ephemeral event.
    std::string id_of(const stored_event& e) const;

private:
    hub& hub_;
};

/// What a reader listens to in the hub's own space. The one place that lets a reader in there.
std::vector<topic_pattern> own_patterns(const identity* who, const own_spaces& spaces,
                                        const std::vector<topic>& rooms);

/// "retention", "lost" or "budget".
std::string_view to_string(loss_reason why) noexcept;

}  // namespace carillon
