#include "surfaces/topics/finite_streams.hpp"

#include "base/json_text.hpp"
#include "base/random.hpp"
#include "transport/on_loop.hpp"
#include "transport/publish_body.hpp"

#include <array>

#include <fmt/format.h>

namespace carillon::surfaces {

namespace {

constexpr std::string_view topic_prefix = "streams/";
constexpr std::size_t id_length = 22;  // 128 bits in base64url

topic topic_of(std::string_view id) {
    return topic::parse(std::string(topic_prefix).append(id)).value();
}

bool is_id(std::string_view text) {
    return text.size() == id_length && text.find('/') == std::string_view::npos &&
           topic::parse(text).has_value();
}

error unknown_stream() { return {errc::not_found, "no stream has this id"}; }
error closed_stream() { return {errc::conflict, "the stream is closed"}; }

bool ends(const event_ptr& last) {
    return last->content.name && last->content.name->str() == "carillon.end";
}

}  // namespace

open_streams::state open_streams::of(std::string_view id) const {
    const std::lock_guard lock(mutex_);
    const auto found = records_.find(id);
    if (found == records_.end()) return state::unknown;
    return found->second.closing ? state::closing : state::open;
}

void open_streams::add(const std::string& id) {
    const std::lock_guard lock(mutex_);
    records_.try_emplace(id);
}

bool open_streams::begin_closing(const std::string& id) {
    const std::lock_guard lock(mutex_);
    record& r = records_[id];
    return !std::exchange(r.closing, true);
}

void open_streams::remove(std::string_view id) {
    const std::lock_guard lock(mutex_);
    if (const auto found = records_.find(id); found != records_.end()) records_.erase(found);
}

bool open_streams::request_stop(std::string_view id) {
    const std::lock_guard lock(mutex_);
    const auto found = records_.find(id);
    if (found == records_.end()) return false;
    found->second.stop = true;
    return true;
}

bool open_streams::stop_requested(std::string_view id) const {
    const std::lock_guard lock(mutex_);
    const auto found = records_.find(id);
    return found != records_.end() && found->second.stop;
}

void finite_streams::begin(http::request&, http::responder answer) {
    std::string id = random_token(id_length);
    topic where = topic_of(id);
    hub_.announce(
        where, "carillon.begin", "{}",
        transport::on_loop_of(
            std::move(answer),
            [this, id, where](http::responder& to, result<std::vector<published>> done) {
                if (!done) return to.send(done.error());
                open_.add(id);
                to.send(http::json_response(
                    201, fmt::format(R"({{"stream":"{}","topic":"{}"}})", id, where.str())));
            }));
}

/// Runs `call` once it is known that the stream is open; answers otherwise. A server that was
/// restarted looks at what is stored.
void finite_streams::with_open(std::string id, http::responder answer, open_call call) {
    if (!is_id(id)) return answer.send(unknown_stream());
    switch (open_.of(id)) {
        case open_streams::state::open:
            return call(std::move(answer));
        case open_streams::state::closing:
            return answer.send(closed_stream());
        case open_streams::state::unknown:
            break;
    }
    const topic where = topic_of(id);
    hub_.last_of(where, transport::on_loop_of(std::move(answer),
                                              [this, id = std::move(id), call = std::move(call)](
                                                  http::responder& to, result<event_ptr> last) {
                                                  if (!last) return to.send(last.error());
                                                  if (*last == nullptr)
                                                      return to.send(unknown_stream());
                                                  if (ends(*last)) return to.send(closed_stream());
                                                  open_.add(id);
                                                  call(std::move(to));
                                              }));
}

void finite_streams::append(http::request& r, http::responder answer) {
    if (!is_id(r.path_rest[0])) return answer.send(unknown_stream());
    auto body = transport::parse_publish_body(r.body, topic_of(r.path_rest[0]), *hub_.options());
    if (!body) return answer.send(body.error());
    auto key = transport::idempotency_key_of(r, std::move(body->idempotency_key));
    if (!key) return answer.send(key.error());
    std::optional<idempotency_key> once;
    if (*key) once = transport::keyed(std::move(**key), topic_of(r.path_rest[0]).str(), r.body);
    with_open(r.path_rest[0], std::move(answer),
              [this, id = r.path_rest[0], events = std::move(body->events),
               once = std::move(once)](http::responder to) {
                  hub_.publish(
                      events, once,
                      transport::on_loop_of(
                          std::move(to),
                          [this, id](http::responder& reply, result<std::vector<published>> done) {
                              if (!done) return reply.send(done.error());
                              std::string text = R"({"stopRequested":)";
                              text += open_.stop_requested(id) ? "true" : "false";
                              if (!done->empty() && done->back().pos.value != 0) {
                                  text += fmt::format(R"(,"id":"{}","position":{})",
                                                      done->back().id, done->back().pos.value);
                              }
                              reply.send(http::json_response(200, text + "}"));
                          }));
              });
}

void finite_streams::close(http::request& r, http::responder answer) {
    with_open(r.path_rest[0], std::move(answer), [this, id = r.path_rest[0]](http::responder to) {
        // Whoever appends from now on is refused, so that the end is the last.
        if (!open_.begin_closing(id)) return to.send(closed_stream());
        hub_.announce(
            topic_of(id), "carillon.end", "{}",
            transport::on_loop_of(std::move(to), [this, id](http::responder& reply,
                                                            result<std::vector<published>> done) {
                open_.remove(id);
                if (!done) return reply.send(done.error());
                reply.send(http::json_response(
                    200, transport::publish_answer(done->front(), topic_of(id).str())));
            }));
    });
}

void finite_streams::request_stop(http::request& r, http::responder answer) {
    with_open(r.path_rest[0], std::move(answer), [this, id = r.path_rest[0]](http::responder to) {
        open_.request_stop(id);
        to.send(http::response{202, {}, {}, false});
    });
}

void finite_streams::read(http::request& r, http::responder answer) {
    if (!is_id(r.path_rest[0])) return answer.send(unknown_stream());
    struct call {
        http::request r;
        topic where;
        event_ptr last;
    };
    // The request's memory is used again before the journal may have answered.
    auto c = std::make_shared<call>(call{r, topic_of(r.path_rest[0]), {}});
    const auto open = [this, c](http::responder& to) {
        stream_request asked;
        asked.topics = {topic_pattern(c->where)};
        asked.profile = &profile_;
        asked.finite = true;
        asked.from = rewind_since{};
        streams_.open(c->r, std::move(to), std::move(asked));
    };
    const std::string cursor = transport::cursor_of(r);
    auto decide = transport::on_loop_of(
        std::move(answer), [this, c, cursor, open](http::responder& to, result<event_ptr> last) {
            if (!last) return to.send(last.error());
            if (*last == nullptr) return to.send(unknown_stream());
            if (!ends(*last) || cursor.empty()) return open(to);
            c->last = *last;
            hub_.locate(
                c->where, cursor,
                transport::on_loop_of(std::move(to), [c, open](http::responder& reply,
                                                               result<std::optional<position>> at) {
                    if (!at) return reply.send(at.error());
                    // It has all there is and ever will be: an EventSource stops at 204.
                    if (*at && **at >= c->last->pos)
                        return reply.send(http::response{204, {}, {}, false});
                    open(reply);
                }));
        });
    hub_.last_of(topic_of(r.path_rest[0]), std::move(decide));
}

}  // namespace carillon::surfaces
