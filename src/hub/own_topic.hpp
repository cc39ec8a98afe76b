// Topics in the hub's own space: `$user/<id>` and the like.
#pragma once

#include <carillon/hub/audience.hpp>
#include <carillon/journal/topic.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace carillon {

inline bool is_internal(const topic_pattern& p) noexcept { return p.str().starts_with('$'); }

/// Percent-encoded (RFC 3986, section 2.1) as far as is needed to make any UTF-8 one segment that
/// can stand in a topic. Empty for an id that is empty, too long or no UTF-8.
std::string as_segment(std::string_view id, std::size_t max_length = max_id_length);

/// Each takes what `as_segment` gave for it.
topic user_topic(std::string_view segment);
topic session_topic(std::string_view segment);
/// A token or an id of the hub's making is its own segment.
topic client_topic(std::string_view segment);
topic everyone_topic();
topic room_topic(std::string_view segment);

/// `$meta/<name>=<value>`, by which events for streams with an attribute are routed, and
/// `$and/<name>=<value>`, which nobody listens to: it stands beside the first and demands more.
/// Nothing for an attribute whose name or value has no segment.
std::optional<topic> attribute_topic(const attribute& a);
std::optional<topic> condition_topic(const attribute& a);
inline bool is_room(std::string_view t) noexcept { return t.starts_with("$room/"); }
/// `$presence/<topic>`: changes of who listens to a topic, for those who may see it.
/// Only of one that `may_have_presence`.
topic presence_topic(std::string_view topic);
/// Not if the name of the other would be too long.
bool may_have_presence(std::string_view topic) noexcept;
inline bool is_presence_topic(std::string_view t) noexcept { return t.starts_with("$presence/"); }
inline bool is_attribute_topic(std::string_view t) noexcept { return t.starts_with("$meta/"); }
inline bool is_condition_topic(std::string_view t) noexcept { return t.starts_with("$and/"); }

}  // namespace carillon
