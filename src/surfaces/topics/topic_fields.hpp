// What the topic service says of its queries, bodies and answers.
#pragma once

#include "surfaces/support/described.hpp"

namespace carillon::surfaces {

/// An event as publishers write it; without topics for a place that is fixed.
field_list event_fields();
field_list event_fields_without_topics();
/// `id`, `position` and `topic` of a published event.
field_list publish_fields();
/// A client's record.
field_list client_fields();
/// Which streams a listing or the end of several means.
field_list client_query_fields();
/// Topics and filters.
field_list topic_query_fields();

}  // namespace carillon::surfaces
