// The topic that events for one client alone are stored under.
#pragma once

#include <carillon/journal/topic.hpp>

#include <string>
#include <string_view>

namespace carillon {

/// `$client/<id>`; `id` is a token or an id of the hub's making, so it is always a valid segment.
inline topic private_topic_name(std::string_view client) {
    return *topic::parse("$client/" + std::string(client));
}
inline topic_pattern private_topic(std::string_view client) {
    return topic_pattern(private_topic_name(client));
}

}  // namespace carillon
