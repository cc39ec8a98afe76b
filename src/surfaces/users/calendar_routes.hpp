// The calendar of system B; what it does is `services::calendar`.
#pragma once

#include <carillon/services/calendar.hpp>

#include "http/server.hpp"
#include "transport/route.hpp"

#include <vector>

namespace carillon::surfaces {

/// Events below `/calendar/events`, reminders on request below `/calendar/reminders`. Immutable.
class calendar_routes {
public:
    explicit calendar_routes(services::calendar& c) : calendar_(c) {}

    /// They refer to this object.
    std::vector<transport::route> routes();

private:
    void create(http::request& r, const principal& who, http::responder answer);
    void list(http::request& r, const principal& who, http::responder answer);
    void show(http::request& r, const principal& who, http::responder answer);
    void change(http::request& r, const principal& who, http::responder answer);
    void remove(http::request& r, const principal& who, http::responder answer);
    void remind_of_upcoming(http::request& r, const principal& who, http::responder answer);
    void remind_of(http::request& r, const principal& who, http::responder answer);

    services::calendar& calendar_;
};

}  // namespace carillon::surfaces
