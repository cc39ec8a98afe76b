// Reading what was stored, beside streams: history, and single events.
#pragma once

#include <carillon/base/result.hpp>
#include <carillon/hub/identity.hpp>
#include <carillon/hub/stream_facts.hpp>
#include <carillon/journal/event.hpp>
#include <carillon/journal/journal.hpp>
#include <carillon/journal/topic.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace carillon {

/// A part of the record. What the reader may not see, or filters out, is left out of it.
struct history_query {
    std::vector<topic_pattern> topics;
    std::vector<topic> rooms;  ///< of the hub's own space; whoever fills this in vouches for it
    own_spaces spaces;
    std::shared_ptr<const identity> who;  ///< null: nobody in particular
    event_filter filter;
    std::string after_id;  ///< a cursor; empty: none
    rewind from;           ///< used without a cursor; neither: the newest `max_events`
    std::size_t max_events = 100;
};

/// Oldest first. It may have fewer events than were asked for although there are more.
struct history_page {
    std::vector<event_ptr> events;
    std::string next;  ///< cursor to go on from
    bool more = false;
    resume_verdict verdict = resume_verdict::fresh;
    std::optional<lost_events> lost;
};

/// Names one stored event that a caller may see, or change.
struct event_reference {
    std::string id;                       ///< as it goes out
    topic from;                           ///< one of its topics
    std::shared_ptr<const identity> who;  ///< null: nobody in particular, who sees nothing private
    /// Whether the caller may change this event, whatever it sees: an event may have further
    /// topics. Null: it may change what it sees.
    std::function<result<>(const event&)> may_change = {};
};

}  // namespace carillon
