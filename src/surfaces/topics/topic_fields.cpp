#include "surfaces/topics/topic_fields.hpp"

namespace carillon::surfaces {

using transport::form;

field_list event_fields_without_topics() {
    return {{"data", form::any, "a text is sent as it is, anything else as JSON", true},
            {"event", form::text, "the event's name"},
            {"id", form::text, "the publisher's own, in place of the hub's"},
            {"retry", form::whole_number, "milliseconds until clients come back"},
            {"comment", form::text, "comment lines before the event"},
            {"metadata", form::object, "kept, and filtered by"},
            {"timestamp", form::any, "RFC 3339"},
            {"ttl", form::any, "how long it is kept at most"},
            {"expires", form::any, "until when it is kept at most"},
            {"deliverAt", form::any, "when it is published"},
            {"key", form::text, "a newer event of this key stands for it"},
            {"retain", form::flag, "it is its topic's last value"},
            {"ephemeral", form::flag, "not stored"},
            {"private", form::flag, "for readers with a grant alone"},
            {"idempotencyKey", form::text, "as the header `Idempotency-Key`"}};
}

field_list event_fields() {
    return joined(event_fields_without_topics(),
                  {{"topic", form::text, "where it is published, beside the path's"},
                   {"topics", form::texts, "the same, several"}});
}

field_list publish_fields() {
    return {{"id", form::text, "the event's; not of an ephemeral one"},
            {"position", form::whole_number, "in the journal"},
            {"topic", form::text, "its first"}};
}

field_list client_fields() {
    return {{"id", form::text, "of the client", true},
            {"user"},
            {"session"},
            {"profile", form::text, "which interface it came through"},
            {"topics", form::texts, {}, true},
            {"metadata", form::object},
            {"address"},
            {"connectedAt", form::text, "RFC 3339; missing while a durable client is away"},
            {"lastEventId"},
            {"lastEventAt"},
            {"lastHeartbeatAt"},
            {"events", form::whole_number, "that were handed to it"},
            {"bytes", form::whole_number},
            {"durable", form::flag},
            {"connected", form::flag},
            {"behind", form::flag, "it reads more slowly than events come"}};
}

field_list client_query_fields() {
    return {{"client", form::texts, "ids"},
            {"user", form::texts, "users"},
            {"session", form::texts, "sessions"},
            {"profile", form::texts, "interfaces, such as `topics`"},
            {"topic", form::text, "which they listen to"}};
}

field_list topic_query_fields() {
    return {{"topic", form::texts, "topics and patterns"},
            {"events", form::text, "names of events, with commas between them"}};
}

}  // namespace carillon::surfaces
