// Whom events are for, where that is not whoever listens to their topics.
#pragma once

#include <carillon/hub/identity.hpp>
#include <carillon/journal/topic.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace carillon {

/// Bytes of a user's or a session's id; of an attribute's name and of its value.
inline constexpr std::size_t max_id_length = 256;
inline constexpr std::size_t max_attribute_length = 128;

/// An empty audience: the listeners of the topics that the events name. Any other: the streams of
/// those who are named here, whichever list names them; the events name no topics then and are
/// private. Ids and attributes are not empty.
struct audience {
    /// How events for several recipients are stored.
    enum class copies : std::uint8_t {
        one_each,  ///< each recipient has an event of its own, with an id of its own
        shared,    ///< one event for all; as many recipients as an event may have topics
    };

    std::vector<std::string> users = {};
    std::vector<std::string> sessions = {};
    std::vector<std::string> clients = {};  ///< ids of streams, or tokens of durable clients
    std::vector<topic> rooms = {};          ///< of the hub's own space
    /// Streams whose identity has all of these. Events are routed by the first: name the rarest
    /// first.
    std::vector<attribute> all_of = {};
    bool everyone = false;  ///< all streams that ask for it; nobody else is named then
    copies stored = copies::one_each;

    bool empty() const noexcept {
        return users.empty() && sessions.empty() && clients.empty() && rooms.empty() &&
               all_of.empty() && !everyone;
    }
};

}  // namespace carillon
