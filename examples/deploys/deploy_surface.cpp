#include "deploys/deploy_surface.hpp"

#include <carillon/wire/encoder.hpp>

#include "surfaces/support/json_answer.hpp"
#include "surfaces/support/json_body.hpp"
#include "surfaces/support/sending.hpp"
#include "transport/caller.hpp"
#include "transport/publish_body.hpp"
#include "transport/rules.hpp"

namespace carillon::surfaces {

namespace {

using transport::route;
namespace rules = transport::rules;

// [envelope]
/// `event: deploy`, and the report as data. Other events are not shown.
class deploy_envelope final : public envelope {
public:
    bool encode(const stored_event& e, std::string_view id, std::string& out) const override {
        if (e.content.kind != "custom" || !e.content.name || e.content.name->str() != "deploy")
            return false;
        wire::block b;
        b.name = &*e.content.name;
        b.data = e.content.data;
        wire::append(out, b, id);
        return true;
    }
};
// [envelope]

// [dialect]
/// The first event is `hello`. Its id is the place just before the first event that follows, so
/// that a client that drops at once misses nothing.
class deploy_dialect final : public stream_dialect {
public:
    void opening(const opening_facts& facts, std::string& out) const override {
        json_object said;
        said.text("team", facts.user);
        if (facts.verdict) said.text("resume", to_string(*facts.verdict));
        const std::string data = said.take();
        static const auto hello = wire::event_name::parse("hello").value();
        wire::block b;
        b.name = &hello;
        b.retry = facts.retry;
        b.data = data;
        wire::append(out, b, facts.id);
    }
};
// [dialect]

// [surface]
class deploy_surface final : public surface {
public:
    deploy_surface(const surface_context& with, surface_options options, envelope_id first)
        : with_(with), profile_(std::move(options.profile)) {
        profile_.envelope = first;
        profile_.dialect = std::make_shared<deploy_dialect>();
    }

    std::vector<route> routes() override {
        std::vector<route> all;
        all.push_back({.method = "GET",
                       .path = "/watch",
                       .summary = "watches the caller's deployments",
                       .who = rules::user_stream,
                       .answers = {{200, "text/event-stream", "reports"}},
                       .handle = calling(*this, &deploy_surface::watch)});
        all.push_back({.method = "POST",
                       .path = "/reports",
                       .summary = "reports a deployment to a team",
                       .who = rules::send,
                       .takes = {.needed = true, .whole = transport::json_types()},
                       .answers = {{200, "application/json", "the event's id"}},
                       .handle = calling(*this, &deploy_surface::report)});
        return all;
    }

private:
    void watch(http::request& r, const principal& who, http::responder answer) {
        stream_request asked;
        asked.profile = &profile_;
        asked.envelope = profile_.envelope;
        asked.who = transport::identity_of(who);
        asked.spaces = {.user = true};
        with_.streams.open(r, std::move(answer), std::move(asked));
    }

    void report(http::request& r, const principal&, http::responder answer) {
        std::string team, service, version;
        json_body body(r.body);
        body.text({"team"}, team, {.needed = presence::required})
            .text({"service"}, service, {.needed = presence::required})
            .text({"version"}, version, {.needed = presence::required, .max = 64});
        if (auto fine = body.done(); !fine) return answer.send(fine.error());
        json_object data;
        data.text("service", service).text("version", version);
        with_.users.send({.users = {team}}, {.type = "deploy", .data = data.take()}, std::nullopt,
                         answer_published(std::move(answer)));
    }

    const surface_context with_;
    stream_profile profile_;
};
// [surface]

envelopes make_envelopes() { return {std::make_shared<deploy_envelope>()}; }

std::unique_ptr<surface> make(const surface_context& with, surface_options options,
                              envelope_id first) {
    return std::make_unique<deploy_surface>(with, std::move(options), first);
}

}  // namespace

const surface_kind deploy_surface_kind{"deploys", "the watch over deployments", make_envelopes,
                                       make};

}  // namespace carillon::surfaces
