#include "surfaces/support/room_streams.hpp"

#include "transport/on_loop.hpp"

#include <memory>
#include <utility>
#include <vector>

namespace carillon::surfaces {

namespace {

/// A request that waits for its rooms: its memory is used again when the handler returns.
struct call {
    surface_context with;
    http::request request;
    stream_request asked;
};

std::shared_ptr<call> begin(const surface_context& with, http::request& r, stream_request asked) {
    return std::make_shared<call>(with, std::move(r), std::move(asked));
}

void open(call& c, http::responder answer, const std::vector<store::room>& rooms) {
    for (const store::room& r : rooms) {
        if (auto t = services::chat::topic_of(r.id)) c.asked.rooms.push_back(std::move(*t));
    }
    c.with.streams.open(c.request, std::move(answer), std::move(c.asked));
}

std::string user_of(const stream_request& asked) {
    return asked.who != nullptr ? asked.who->user : std::string();
}

}  // namespace

void open_with_rooms(const surface_context& with, http::request& r, http::responder answer,
                     stream_request asked) {
    asked.spaces.rooms = true;
    const std::string user = user_of(asked);
    const auto c = begin(with, r, std::move(asked));
    with.chat.rooms_of(
        user, transport::on_loop_of(
                  std::move(answer),
                  [c](http::responder& to, const result<std::vector<store::room>>& found) {
                      if (!found)
                          return c->with.streams.refuse(c->request, std::move(to), found.error());
                      open(*c, std::move(to), *found);
                  }));
}

void open_with_room(const surface_context& with, http::request& r, http::responder answer,
                    stream_request asked, std::string room) {
    const std::string user = user_of(asked);
    const auto c = begin(with, r, std::move(asked));
    with.chat.find(std::move(room), user,
                   transport::on_loop_of(std::move(answer), [c](http::responder& to,
                                                                const result<store::room>& found) {
                       if (!found)
                           return c->with.streams.refuse(c->request, std::move(to), found.error());
                       open(*c, std::move(to), {*found});
                   }));
}

}  // namespace carillon::surfaces
