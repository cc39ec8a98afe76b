#include "surfaces/domains/domain_surface.hpp"

#include "surfaces/domains/domain_routes.hpp"
#include "surfaces/support/json_answer.hpp"
#include "surfaces/support/stream_route.hpp"
#include "transport/json_slices.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace carillon::surfaces {

domain_streams::domain_streams(const surface_context& with, stream_profile profile,
                               envelope_id first)
    : with_(with), profile_(std::move(profile)), first_(first) {}

result<stream_request> domain_streams::request_of(const http::request& r, const principal& who,
                                                  std::vector<std::string> kinds,
                                                  dispatch usual) const {
    dispatch how = usual;
    if (const auto asked = r.query_value("dispatch")) {
        const auto known = parse_dispatch(*asked);
        if (!known)
            return fail(errc::invalid_request, "`dispatch` is `named`, `message` or `both`");
        how = *known;
    }
    stream_request asked = stream_of(profile_, who);
    asked.envelope = static_cast<envelope_id>(first_ + static_cast<envelope_id>(how));
    asked.filter.kinds = std::move(kinds);
    return asked;
}

void domain_streams::open(http::request& r, http::responder answer, stream_request asked) const {
    with_.streams.open(r, std::move(answer), std::move(asked));
}

transport::route domain_streams::route(std::string path, std::string_view summary,
                                       std::vector<transport::described_event> shows,
                                       transport::route_handler handle) const {
    shows.insert(shows.begin(), {"opening",
                                 "carillon.open",
                                 "the first event: the verdict on the cursor",
                                 {{"resume", transport::form::text, {}, true}, {"client"}}});
    return stream_route(with_.streams,
                        {std::move(path),
                         summary,
                         transport::rules::user_stream,
                         "the opening event, then these",
                         std::move(shows),
                         std::move(handle),
                         {{"dispatch", transport::form::text, "`named`, `message` or `both`"}}});
}

result<std::string> open_object(std::string_view body, std::string_view user,
                                std::initializer_list<std::string_view> texts) {
    if (auto sound = transport::check_json(body); !sound) return std::unexpected(sound.error());
    const auto members = transport::object_members(body);
    if (!members) return std::unexpected(members.error());
    if (members->empty()) return fail(errc::invalid_request, "`data`: the object says nothing");
    for (const auto& [name, slice] : *members) {
        if (std::ranges::find(texts, std::string_view(name)) != texts.end() &&
            !slice.starts_with('"'))
            return fail(errc::invalid_request, fmt::format("`{}`: a string is expected", name));
    }
    json_object text;
    text.text_if("userId", user);
    std::string all = text.take();
    all.back() = all.size() > 2 ? ',' : ' ';
    return all.append(body.substr(body.find('{') + 1));
}

namespace {

class domain_surface final : public surface {
public:
    domain_surface(const surface_context& with, surface_options options, envelope_id first)
        : streams_(with, options.profile, first),
          notifications_(with, streams_),
          realtime_(with, streams_),
          chat_(with, streams_),
          system_(with, streams_, options.profile) {}

    std::vector<transport::route> routes() override {
        std::vector<transport::route> all;
        notifications_.add_routes(all);
        realtime_.add_routes(all);
        chat_.add_routes(all);
        system_.add_routes(all);
        return all;
    }

private:
    const domain_streams streams_;
    notification_domain notifications_;
    realtime_domain realtime_;
    chat_domain chat_;
    system_domain system_;
};

envelopes make_envelopes() {
    envelopes all;
    for (const dispatch how : {dispatch::named, dispatch::message, dispatch::both})
        all.push_back(std::make_shared<domain_envelope>(how));
    return all;
}

std::unique_ptr<surface> make(const surface_context& with, surface_options options,
                              envelope_id first) {
    return std::make_unique<domain_surface>(with, std::move(options), first);
}

}  // namespace

const surface_kind domain_surface_kind{"domains", "the domain service", make_envelopes, make};

}  // namespace carillon::surfaces
