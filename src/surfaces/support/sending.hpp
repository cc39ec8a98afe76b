// What the calls that send have in common: the fields of an event, its recipients, its answer.
#pragma once

#include <carillon/hub/hub.hpp>
#include <carillon/hub/principal.hpp>
#include <carillon/services/outbox_relay.hpp>
#include <carillon/services/user_events.hpp>

#include "http/server.hpp"
#include "surfaces/support/json_body.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace carillon::surfaces {

/// `timestamp`: an RFC 3339 time, in the sender's spelling.
void read_timestamp(json_body& from, std::string& into);

/// `userId`, or `userIds` under any of the names that the systems have for it; duplicates go.
void read_recipients(json_body& from, std::vector<std::string>& into, std::size_t most,
                     presence needed = presence::optional);

/// The event's type under `type`, which is one line and not of the hub's own names, `data` (any
/// JSON value) and `timestamp`.
void read_event(json_body& from, json_body::names type, services::user_event& into);

/// What makes a repeated request store nothing; nothing without `Idempotency-Key`. Whose the key is
/// `transport::key_space_of` says: back ends share theirs.
result<std::optional<idempotency_key>> key_of(const http::request& r, const principal& who);

/// The same for calls that write records; the key is the caller's own, as the record is.
result<std::optional<services::repeatable_call>> call_of(const http::request& r,
                                                         const principal& who);

/// Sends an event to users, or without any to everyone, once for a key, and answers.
void send_to(services::user_events& by, const http::request& r, const principal& who,
             services::user_event what, std::vector<std::string> users, http::responder answer);

/// Answers with `{"recipients", "events": [{"id", "position"}]}`; ephemeral events have no place.
hub::publish_callback answer_published(http::responder to);

}  // namespace carillon::surfaces
