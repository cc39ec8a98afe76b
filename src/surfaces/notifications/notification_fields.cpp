#include "surfaces/notifications/notification_fields.hpp"

namespace carillon::surfaces {

using transport::described_field;
using transport::form;

std::vector<described_field> notification_fields() {
    return {{"notificationId", form::text, "unique; a random one without it"},
            {"id", form::text, "the same"},
            {"notificationType", form::text, "the application's own"},
            {"type", form::text, "the same"},
            {"action"},
            {"priority"},
            {"title"},
            {"message"},
            {"data", form::any, "passed on as it is"},
            {"timestamp", form::text, "RFC 3339"},
            {"userId", form::text, "the recipient"},
            {"userIds", form::texts, "the recipients"},
            {"recipients", form::texts, "the same"},
            {"recipientUserIds", form::texts, "the same"}};
}

std::vector<described_field> sent_event_fields(bool to_users) {
    std::vector<described_field> all{{"eventType", form::text, "the application's own", true},
                                     {"data", form::any, "passed on as it is"},
                                     {"timestamp", form::text, "RFC 3339"}};
    if (!to_users) return all;
    all.push_back({"userId", form::text, "the recipient"});
    for (const char* name : {"userIds", "recipients", "recipientUserIds"})
        all.push_back({name, form::texts, "the recipients; without any: everyone"});
    return all;
}

std::vector<transport::described_event> notification_stream_events() {
    const described_field type{"type", form::text, "which shape it is", true};
    const described_field at{"timestamp", form::text, "RFC 3339", true};
    const described_field data{"data", form::any, "the sender's", true};
    return {{"connection",
             {},
             "the first event",
             {type, at, {"message", form::text, {}, true}, {"userId"}, {"resume"}}},
            {"notification",
             {},
             "a notification for this user",
             {type,
              at,
              data,
              {"notificationId", form::text, {}, true},
              {"notificationType"},
              {"action"},
              {"priority"},
              {"title"},
              {"message"},
              {"userId"}}},
            {"system",
             {},
             "an announcement to everyone",
             {type, at, data, {"eventType", form::text, {}, true}}},
            {"custom",
             {},
             "an application's event",
             {type, at, data, {"eventType", form::text, {}, true}}},
            {"replaced", "replaced", "another stream has taken this one's place", {type}}};
}

}  // namespace carillon::surfaces
