#include "surfaces/topics/finite_stream_routes.hpp"

#include "transport/caller.hpp"
#include "transport/on_loop.hpp"
#include "transport/publish_body.hpp"

#include <memory>
#include <utility>

#include <fmt/format.h>

namespace carillon::surfaces {

namespace {

/// `,"id":…,"position":…`; nothing for an event that is not stored.
std::string place_of(const published& p) {
    if (p.pos.value == 0) return {};
    return fmt::format(R"(,"id":"{}","position":{})", p.id, p.pos.value);
}

}  // namespace

void finite_stream_routes::begin(http::request&, http::responder answer) {
    finite_.begin(transport::on_loop_of(
        std::move(answer), [](http::responder& to, const result<std::string>& id) {
            if (!id) return to.send(id.error());
            to.send(http::json_response(201, fmt::format(R"({{"stream":"{}"}})", *id)));
        }));
}

void finite_stream_routes::append(http::request& r, const principal& who, http::responder answer) {
    const std::string& id = r.path_rest[0];
    auto body =
        transport::parse_publish_body(r.body, transport::body_target::elsewhere(), *hub_.options());
    if (!body) return answer.send(body.error());
    if (body->deliver_at) {
        return answer.send(error{errc::invalid_request,
                                 "a stream that ends is in the order of its appends: `deliverAt`"});
    }
    auto key = transport::idempotency_key_of(r, std::move(body->idempotency_key),
                                             transport::key_space_of(who));
    if (!key) return answer.send(key.error());
    std::optional<idempotency_key> once;
    if (*key) once = transport::keyed(std::move(**key), "$stream/" + id, r.body);
    finite_.append(
        id, std::move(body->events), std::move(once),
        transport::on_loop_of(
            std::move(answer),
            [](http::responder& to, const result<services::finite_streams::appended>& done) {
                if (!done) return to.send(done.error());
                const std::string place =
                    done->events.empty() ? std::string() : place_of(done->events.back());
                to.send(http::json_response(
                    200, fmt::format(R"({{"stopRequested":{}{}}})", done->stop_requested, place)));
            }));
}

void finite_stream_routes::close(http::request& r, http::responder answer) {
    finite_.close(r.path_rest[0],
                  transport::on_loop_of(
                      std::move(answer),
                      [id = r.path_rest[0]](http::responder& to, const result<published>& end) {
                          if (!end) return to.send(end.error());
                          to.send(http::json_response(
                              200, fmt::format(R"({{"stream":"{}"{}}})", id, place_of(*end))));
                      }));
}

void finite_stream_routes::request_stop(http::request& r, http::responder answer) {
    finite_.request_stop(
        r.path_rest[0],
        transport::on_loop_of(std::move(answer), [](http::responder& to, const result<>& done) {
            if (!done) return to.send(done.error());
            to.send(http::response{202, {}, {}, false});
        }));
}

void finite_stream_routes::read(http::request& r, const principal& who, http::responder answer) {
    // The request's memory is used again before the hub may have answered.
    auto asking = std::make_shared<http::request>(r);
    finite_.read(
        r.path_rest[0], transport::cursor_of(r),
        transport::on_loop_of(std::move(answer),
                              [this, asking, caller = transport::identity_of(who)](
                                  http::responder& to, const result<std::optional<topic>>& where) {
                                  if (!where) return to.send(where.error());
                                  if (!*where) return to.send(http::response{204, {}, {}, false});
                                  stream_request asked;
                                  asked.rooms = {**where};
                                  asked.who = caller;
                                  asked.profile = &profile_;
                                  asked.finite = true;
                                  asked.from = rewind_since{};
                                  streams_.open(*asking, std::move(to), std::move(asked));
                              }));
}

}  // namespace carillon::surfaces
