// What the four domains of system C have in common, and the routes of each.
#pragma once

#include "surfaces/domains/domain_envelope.hpp"
#include "surfaces/support/described.hpp"
#include "surfaces/support/surface.hpp"
#include "transport/rules.hpp"

#include <chrono>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::surfaces {

/// Opens the streams of all domains. Immutable.
class domain_streams {
public:
    domain_streams(const surface_context& with, stream_profile profile, envelope_id first);

    /// What a stream of the caller's asks for that shows events of these kinds. Error
    /// `invalid_request`: another `?dispatch=` than there is.
    result<stream_request> request_of(const http::request& r, const principal& who,
                                      std::vector<std::string> kinds, dispatch usual) const;
    /// Opens it, or answers why not.
    void open(http::request& r, http::responder answer, stream_request asked) const;
    transport::route route(std::string path, std::string_view summary,
                           std::vector<transport::described_event> shows,
                           transport::route_handler handle) const;

private:
    const surface_context with_;
    const stream_profile profile_;
    const envelope_id first_;  ///< of three, in the order of `dispatch`
};

/// An object whose further members are the application's own.
inline transport::body_rule open_to_more(field_list fields) {
    transport::body_rule rule = one_object(std::move(fields));
    rule.open = true;
    return rule;
}

/// A body that is an object of the application's own, not empty, in whose members `texts` are
/// strings if they are there, with `userId` before them. Error `invalid_request`, naming the field.
result<std::string> open_object(std::string_view body, std::string_view user,
                                std::initializer_list<std::string_view> texts);

/// Each adds its routes; they refer to the object. Used by all loops, immutable.
class notification_domain {
public:
    notification_domain(const surface_context& with, const domain_streams& streams)
        : with_(with), streams_(streams) {}
    void add_routes(std::vector<transport::route>& to);

private:
    void listen(http::request& r, const principal& who, http::responder answer);
    void send(http::request& r, const principal& who, http::responder answer);
    void broadcast(http::request& r, const principal& who, http::responder answer);

    const surface_context with_;
    const domain_streams& streams_;
};

class realtime_domain {
public:
    realtime_domain(const surface_context& with, const domain_streams& streams)
        : with_(with), streams_(streams) {}
    void add_routes(std::vector<transport::route>& to);

private:
    void listen(http::request& r, const principal& who, http::responder answer);
    void update(http::request& r, const principal& who, http::responder answer);
    void change_entity(std::string_view action, http::request& r, const principal& who,
                       http::responder answer);

    const surface_context with_;
    const domain_streams& streams_;
};

class chat_domain {
public:
    chat_domain(const surface_context& with, const domain_streams& streams)
        : with_(with), streams_(streams) {}
    void add_routes(std::vector<transport::route>& to);

private:
    void add_room_routes(std::vector<transport::route>& to);
    void listen(http::request& r, const principal& who, http::responder answer);
    void listen_to_room(http::request& r, const principal& who, http::responder answer);
    void say(http::request& r, const principal& who, http::responder answer);
    void join(http::request& r, const principal& who, http::responder answer);
    void leave(http::request& r, const principal& who, http::responder answer);
    void type(http::request& r, const principal& who, http::responder answer);
    void create(http::request& r, const principal& who, http::responder answer);
    void list(http::request& r, const principal& who, http::responder answer);
    void invite(http::request& r, const principal& who, http::responder answer);
    void expel(http::request& r, const principal& who, http::responder answer);
    void list_members(http::request& r, const principal& who, http::responder answer);
    void list_messages(http::request& r, const principal& who, http::responder answer);

    const surface_context with_;
    const domain_streams& streams_;
};

class system_domain {
public:
    system_domain(const surface_context& with, const domain_streams& streams,
                  stream_profile profile);
    void add_routes(std::vector<transport::route>& to);

private:
    void listen(http::request& r, const principal& who, http::responder answer);
    void beat(http::request& r, const principal& who, http::responder answer);
    void update(http::request& r, const principal& who, http::responder answer);
    void show_stats(http::request& r, const principal& who, http::responder answer);
    void list_connections(http::request& r, const principal& who, http::responder answer);
    void show_health(http::request& r, const principal& who, http::responder answer);

    const surface_context with_;
    const domain_streams& streams_;
    stream_profile beats_;  ///< of the streams of heartbeats; constant after construction
    const std::chrono::steady_clock::time_point started_;
};

}  // namespace carillon::surfaces
