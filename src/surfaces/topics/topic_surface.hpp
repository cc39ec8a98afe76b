// System A: a topic service. Routes and the two envelopes; everything else is the hub's.
#pragma once

#include <carillon/hub/hub.hpp>

#include "http/server.hpp"
#include "surfaces/topics/client_routes.hpp"
#include "surfaces/topics/doctor_routes.hpp"
#include "surfaces/topics/finite_stream_routes.hpp"
#include "transport/route.hpp"
#include "transport/stream_host.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace carillon::surfaces {

/// One JSON object per event, unnamed, so that `onmessage` sees all: `{"id"?, "position"?,
/// "event"?, "data", "topics", "metadata"?, "timestamp"?}`. Used with `?envelope=full`.
class full_envelope final : public envelope {
public:
    bool encode(const stored_event& e, std::string_view id, std::string& out) const override;
};

struct topic_surface_options {
    bool enabled = true;             ///< false: 404 `DISABLED` on all its routes
    std::string prefix = "/events";  ///< where its routes are mounted
    envelope_id full = 1;            ///< where the hub has the full envelope
    /// What everybody may listen to; the rest needs grants.
    std::vector<topic_pattern> public_topics = {topic_pattern::parse("**").value()};
    stream_profile profile;
};

/// Immutable while servers run. What it is given outlives it.
class topic_surface {
public:
    topic_surface(hub& h, services::finite_streams& finite, transport::stream_host& streams,
                  topic_surface_options options);
    /// They refer to this object.
    std::vector<transport::route> routes();
    /// Of its streams; null: none was given.
    const stream_quota* quota() const noexcept { return options_.profile.quota.get(); }

private:
    void add_listening(std::vector<transport::route>& to);
    void add_publishing(std::vector<transport::route>& to);
    void add_finite(std::vector<transport::route>& to);
    void add_clients(std::vector<transport::route>& to);

    void subscribe(http::request& r, const principal& who, http::responder answer);
    void publish(http::request& r, const principal& who, http::responder answer);
    std::unique_ptr<http::upload> upload(http::request& r, const principal& who,
                                         http::responder answer, http::upload_control control);
    result<> may_listen(const principal& who, const std::vector<topic_pattern>& topics) const;
    void history(http::request& r, const principal& who, http::responder answer);
    void erase(http::request& r, const principal& who, http::responder answer);
    void list_scheduled(http::request& r, const principal& who, http::responder answer);
    void cancel_scheduled(http::request& r, const principal& who, http::responder answer);

    hub& hub_;
    transport::stream_host& streams_;
    const topic_surface_options options_;
    finite_stream_routes finite_;
    client_routes clients_;
    doctor_routes doctor_;
};

}  // namespace carillon::surfaces
