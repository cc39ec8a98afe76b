// Which users are there, as far as somebody asks.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace carillon {

/// The users who listen to a topic, those included whose grace has not passed.
struct presence_list {
    std::vector<std::string> users;  ///< sorted; not more than were asked for
    std::size_t count = 0;           ///< of all of them
    /// False soon after the start: users that are not here may be about to come back.
    bool complete = false;
};

/// How many users a topic has.
struct presence_count {
    std::string topic;
    std::size_t users = 0;
};

/// A user has come or, when the grace is over, gone.
struct presence_change {
    std::string user;
    std::string topic;  ///< empty: the user's first stream at all, or the last
    bool present = false;
    std::size_t count = 0;  ///< of the topic's users now
};

}  // namespace carillon
