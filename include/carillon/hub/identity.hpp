// Whose stream it is, as far as the hub has to know.
#pragma once

#include <carillon/hub/grants.hpp>

#include <chrono>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace carillon {

/// A name and its value, such as `tenant` and `acme`. Both are UTF-8.
struct attribute {
    std::string name;
    std::string value;
    friend auto operator<=>(const attribute&, const attribute&) = default;
};

/// What lets one stream at a time be opened, as a ticket does. Destroyed when its stream has ended,
/// on any thread; each of its holders is a part of that stream.
class stream_lease {
public:
    virtual ~stream_lease() = default;
    /// The stream has begun.
    virtual void begun() noexcept = 0;
    /// It has begun before. Then a cursor that the journal does not know is no cursor of this
    /// stream, which is refused.
    virtual bool again() const noexcept = 0;
};

/// The caller that opened a stream or reads the record. The code that makes one has verified all of
/// it: the hub trusts it. Immutable once shared; one is shared by all streams that a caller opens
/// with it.
struct identity {
    std::string user;     ///< empty: nobody in particular
    std::string session;  ///< empty: none
    std::vector<std::string> roles;
    std::shared_ptr<const grant_set> grants;  ///< null: no private event of a topic is shown
    std::string token_id;                     ///< for revocations; empty: none
    std::string issuer = {};                  ///< of the token; empty: none is named
    std::optional<std::chrono::system_clock::time_point> expires;
    /// When what it rests on was made; nothing: unknown. For what takes back all from before.
    std::optional<std::chrono::system_clock::time_point> issued = {};
    std::vector<attribute> attributes;  ///< what `audience::all_of` is held against
    /// What its stream's own request added, which a renewal keeps: the last of the attributes, and
    /// the session.
    std::uint16_t added_attributes = 0;
    bool added_session = false;
    std::shared_ptr<stream_lease> lease = {};  ///< null: it needs none
};

/// Which of the hub's own spaces a reader listens to besides its topics.
struct own_spaces {
    bool user = false;        ///< events for `identity::user`
    bool session = false;     ///< events for `identity::session`
    bool everyone = false;    ///< events for all
    bool attributes = false;  ///< events for whoever has some of `identity::attributes`
    bool rooms = false;       ///< rooms that the user joins later, by `hub::change_room`
};

/// What a reader asks to see of the events of its topics. An empty list asks for all.
struct event_filter {
    std::vector<std::string> names;  ///< of events; "message" stands for those without a name
    std::vector<std::string> kinds;
    std::vector<attribute> metadata;  ///< all of these; only strings, numbers and booleans compare

    bool empty() const noexcept { return names.empty() && kinds.empty() && metadata.empty(); }
    friend auto operator<=>(const event_filter&, const event_filter&) = default;
};

}  // namespace carillon
