// What system E's calls take and its stream brings, for the server's descriptions.
#pragma once

#include "transport/route.hpp"

#include <vector>

namespace carillon::surfaces {

std::vector<transport::described_field> notification_fields();
/// `to_users`: it may name recipients.
std::vector<transport::described_field> sent_event_fields(bool to_users);
/// The shapes that the stream's data has.
std::vector<transport::described_event> notification_stream_events();

}  // namespace carillon::surfaces
