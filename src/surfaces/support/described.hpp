// What routes of several surfaces say of their queries, bodies and answers.
#pragma once

#include "transport/route.hpp"

#include <string_view>
#include <vector>

namespace carillon::surfaces {

inline constexpr std::string_view json_type = "application/json";

using field_list = std::vector<transport::described_field>;

/// A body that is one JSON object with these members; without any: one JSON text.
transport::body_rule one_object(field_list fields = {});
/// The same that may be left out.
transport::body_rule maybe_object(field_list fields = {});

/// `limit` and `after`.
field_list page_query();
/// A page of an answer: the list and `next`.
field_list page_of(std::string_view list, transport::form is = transport::form::objects);
/// `userId`, `userIds` and their other names. `lists`: what those with several say.
field_list recipient_fields(std::string_view lists);
/// The answer of `answer_published`.
field_list published_fields();
/// `{"success": true}` and more.
field_list success_fields(field_list more = {});
/// Both, in this order.
field_list joined(field_list a, const field_list& b);

}  // namespace carillon::surfaces
