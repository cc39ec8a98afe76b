#include "surfaces/support/described.hpp"

#include "transport/publish_body.hpp"

#include <utility>

namespace carillon::surfaces {

using transport::form;

transport::body_rule one_object(field_list fields) {
    return {.needed = true, .whole = transport::json_types(), .fields = std::move(fields)};
}

transport::body_rule maybe_object(field_list fields) {
    return {.whole = transport::json_types(), .fields = std::move(fields)};
}

field_list page_query() {
    return {{"limit", form::whole_number, "entries of a page, from 1; more than 1000 are 1000"},
            {"after", form::text, "`next` of the page before"}};
}

field_list page_of(std::string_view list, form is) {
    return {{list, is, {}, true},
            {"next", form::text, "`after` of the next page, if there is one"}};
}

field_list recipient_fields(std::string_view lists) {
    return {{"userId", form::text, "the recipient"},
            {"userIds", form::texts, lists},
            {"recipients", form::texts, "the same"},
            {"recipientUserIds", form::texts, "the same"}};
}

field_list published_fields() {
    return {{"recipients", form::whole_number, "for how many it is", true},
            {"events", form::objects, "`id` and `position` of each that is stored", true}};
}

field_list success_fields(field_list more) {
    more.insert(more.begin(), {"success", form::flag, {}, true});
    return more;
}

field_list joined(field_list a, const field_list& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

}  // namespace carillon::surfaces
