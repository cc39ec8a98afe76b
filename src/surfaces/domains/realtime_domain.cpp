// Realtime updates of system C, and those of entities.
#include "surfaces/domains/domain_routes.hpp"
#include "surfaces/support/json_answer.hpp"
#include "surfaces/support/sending.hpp"
#include "transport/json_slices.hpp"

#include <array>
#include <utility>

namespace carillon::surfaces {

namespace {

struct entity_action {
    std::string_view verb;      ///< in the path
    std::string_view happened;  ///< the event's name
    std::string_view summary;
};
constexpr std::array<entity_action, 3> entity_actions{
    {{"create", "entity-created", "tells that an entity was created"},
     {"update", "entity-updated", "tells that an entity was changed"},
     {"delete", "entity-deleted", "tells that an entity is gone"}}};
constexpr std::size_t max_entity_name = 128;

using transport::form;

std::vector<transport::described_event> update_events() {
    std::vector<transport::described_event> all{
        {"realtime-update",
         "realtime-update",
         "an update, in the sender's own shape",
         {{"type"}, {"entity"}, {"action"}, {"timestamp"}, {"userId"}}}};
    for (const entity_action& a : entity_actions)
        all.push_back({a.happened,
                       a.happened,
                       "an entity has changed",
                       {{"entity", form::text, {}, true},
                        {"action", form::text, {}, true},
                        {"userId"},
                        {"data", form::any, {}, true}}});
    return all;
}

}  // namespace

void realtime_domain::add_routes(std::vector<transport::route>& to) {
    to.push_back(streams_.route("/realtime/stream", "listens to updates and changes of entities",
                                update_events(), calling(*this, &realtime_domain::listen)));
    to.push_back({.method = "POST",
                  .path = "/realtime/update",
                  .summary = "sends an update to everyone who listens",
                  .who = transport::rules::send,
                  .takes = open_to_more({{"type"}, {"entity"}, {"action"}, {"timestamp"}}),
                  .repeatable = true,
                  .answers = {{200, json_type, "the event's id", published_fields()}},
                  .handle = calling(*this, &realtime_domain::update)});
    for (const entity_action& a : entity_actions) {
        to.push_back({.method = "POST",
                      .path = "/realtime/entity/{entity}/" + std::string(a.verb),
                      .summary = a.summary,
                      .who = transport::rules::send,
                      .takes = one_object(),
                      .repeatable = true,
                      .answers = {{200, json_type, "the event's id", published_fields()}},
                      .handle = [this, verb = a.verb](http::request& r, const principal& who,
                                                      http::responder answer) {
                          change_entity(verb, r, who, std::move(answer));
                      }});
    }
}

void realtime_domain::listen(http::request& r, const principal& who, http::responder answer) {
    auto asked = streams_.request_of(r, who, {"realtime", "entity"}, dispatch::named);
    if (!asked) return answer.send(asked.error());
    asked->spaces.everyone = true;
    streams_.open(r, std::move(answer), std::move(*asked));
}

// The update is the application's own: what its fields mean is nobody's business here.
void realtime_domain::update(http::request& r, const principal& who, http::responder answer) {
    auto data = open_object(r.body, who.user, {"type", "entity", "action", "timestamp"});
    if (!data) return answer.send(data.error());
    auto once = key_of(r, who);
    if (!once) return answer.send(once.error());
    services::user_event what;
    what.type = "realtime-update";
    what.data = std::move(*data);
    with_.users.update(std::move(what), "realtime", std::move(*once),
                       answer_published(std::move(answer)));
}

// The body is the entity, in the application's own shape.
void realtime_domain::change_entity(std::string_view action, http::request& r, const principal& who,
                                    http::responder answer) {
    const std::string& entity = r.path_rest[0];
    if (entity.empty() || entity.size() > max_entity_name)
        return answer.send(error{errc::invalid_request, "`entity` is 1 to 128 bytes"});
    if (auto sound = transport::check_json(r.body); !sound) return answer.send(sound.error());
    auto once = key_of(r, who);
    if (!once) return answer.send(once.error());
    services::user_event what;
    json_object text;
    text.text("entity", entity).text("action", action).text_if("userId", who.user);
    what.data = text.raw("data", r.body).take();
    for (const entity_action& a : entity_actions) {
        if (a.verb == action) what.type = a.happened;
    }
    with_.users.update(std::move(what), "entity", std::move(*once),
                       answer_published(std::move(answer)));
}

}  // namespace carillon::surfaces
