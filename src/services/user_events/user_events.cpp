#include <carillon/services/user_events.hpp>

#include <utility>

namespace carillon::services {

void user_events::publish(audience to, user_event what, std::string_view kind,
                          std::optional<idempotency_key> key, hub::publish_callback done) {
    auto name = wire::event_name::parse(what.type);
    if (!name || what.type.empty())
        return done(fail(errc::invalid_request, "`type` is one line of text and not empty"));
    if (what.type.starts_with("carillon."))
        return done(fail(errc::invalid_request, "types that begin with `carillon.` are the hub's"));
    event e;
    e.kind = kind;
    e.name = std::move(*name);
    e.data = what.data.empty() ? "null" : std::move(what.data);
    e.payload = payload_kind::json;
    e.timestamp = std::move(what.timestamp);
    e.ephemeral = what.ephemeral;
    hub_.publish({std::move(e)}, std::move(to), std::move(key), std::move(done));
}

void user_events::send(audience to, user_event what, std::optional<idempotency_key> key,
                       hub::publish_callback done) {
    if (to.empty()) return done(fail(errc::invalid_request, "the event has no recipient"));
    publish(std::move(to), std::move(what), "custom", std::move(key), std::move(done));
}

void user_events::send_to_all(user_event what, std::optional<idempotency_key> key,
                              hub::publish_callback done) {
    publish({.everyone = true}, std::move(what), "broadcast", std::move(key), std::move(done));
}

void user_events::announce(user_event what, std::optional<idempotency_key> key,
                           hub::publish_callback done) {
    publish({.everyone = true}, std::move(what), "system", std::move(key), std::move(done));
}

void user_events::update(user_event what, std::string_view kind, std::optional<idempotency_key> key,
                         hub::publish_callback done) {
    publish({.everyone = true}, std::move(what), kind, std::move(key), std::move(done));
}

}  // namespace carillon::services
