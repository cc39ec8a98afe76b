// What the hub asks those who verify callers.
#pragma once

#include <carillon/hub/identity.hpp>
#include <carillon/journal/topic.hpp>

#include <functional>

namespace carillon {

class hub;

/// Asked while streams begin, on any shard's thread. Empty: all is well.
struct caller_rules {
    /// False if what the identity rests on was taken back since it was verified.
    std::function<bool(const identity&)> holds = {};
    /// Whether a stream of this identity (null: nobody in particular) may listen to a topic that
    /// its request does not name: one that was added to a durable client's earlier stream.
    std::function<bool(const identity*, const topic_pattern&)> may_listen = {};
};

/// Before streams come.
void ask_of_callers(hub& h, caller_rules rules);

}  // namespace carillon
