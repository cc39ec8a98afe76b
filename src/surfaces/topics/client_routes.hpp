// The routes about single streams and all of them: list, count, show, send to, change, end.
#pragma once

#include <carillon/hub/hub.hpp>
#include <carillon/hub/principal.hpp>

#include "http/server.hpp"

#include <functional>
#include <vector>

namespace carillon::surfaces {

/// Immutable. What it is given outlives it.
class client_routes {
public:
    client_routes(hub& h, const std::vector<topic_pattern>& public_topics)
        : hub_(h), public_(public_topics) {}

    void list(http::request& r, http::responder answer);
    /// Ends the streams that the query names; it must name some.
    void end_all(http::request& r, http::responder answer);
    void statistics(http::request& r, http::responder answer);
    void show(http::request& r, const principal& who, http::responder answer);
    void send(http::request& r, const principal& who, http::responder answer);
    void change_topic(http::request& r, const principal& who, http::responder answer);
    void beat(http::request& r, const principal& who, http::responder answer);
    void remove(http::request& r, const principal& who, http::responder answer);

private:
    /// Runs `then` if the caller may do something about the client in the path.
    void with_client(http::request& r, const principal& who, http::responder answer,
                     std::function<void(const client_info& c, http::responder)> then);

    hub& hub_;
    const std::vector<topic_pattern>& public_;
};

}  // namespace carillon::surfaces
