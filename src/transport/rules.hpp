// The table "who may call what", a row each: a developer's own calls, and all others.
#pragma once

#include "transport/route.hpp"

namespace carillon::transport::rules {

/// Health, descriptions, pages, figures without names.
inline constexpr access_rule open{access::none, access::none};
/// Streams and history of topics: what is public for everybody, the rest by grants.
inline constexpr access_rule topic_stream{access::optional, access::optional};
/// Publishing under topics.
inline constexpr access_rule topic_publish{access::none, access::publisher};
/// Streams of users, what members do in rooms, a user's own status.
inline constexpr access_rule user_stream{access::user, access::user};
/// Streams of clients with metadata (system D).
inline constexpr access_rule metadata_stream{access::none, access::user};
/// Sending to users, broadcasts, updates, notifications by other than the topic service.
inline constexpr access_rule send{access::user, access::sender};
/// System D's test of its own streams.
inline constexpr access_rule metadata_test{access::none, access::sender};
/// Calls about one client: its owner's, or a publisher's. The handler asks `may_act_on`.
inline constexpr access_rule client_call{access::user, access::owner};
/// Listings of connections, others' records, status of the system, tokens for others.
inline constexpr access_rule administration{access::admin, access::admin};
/// System D's listing of clients.
inline constexpr access_rule metadata_clients{access::none, access::admin};
/// Streams and records of notifications (system E): no token that anybody can make.
inline constexpr access_rule own_notifications{access::verified_user, access::verified_user};
/// `/metrics`.
inline constexpr access_rule figures{access::none, access::admin};
/// The caller itself, and what a caller does with its own token.
inline constexpr access_rule own_credentials{access::user, access::user};

}  // namespace carillon::transport::rules
