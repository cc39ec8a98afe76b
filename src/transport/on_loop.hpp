// Answers that the hub gives on another thread.
#pragma once

#include "http/server.hpp"

#include <memory>
#include <utility>

namespace carillon::transport {

/// Brings a callback of the hub, on whatever thread, back to the request's loop with its responder.
/// On that thread already, it still waits until the requests that came together are all taken in:
/// answers that leave together wake their readers once.
template <class Callback>
auto on_loop_of(http::responder answer, Callback call) {
    net::loop& loop = answer.loop();
    auto held = std::make_shared<http::responder>(
        std::move(answer));  // callbacks are copied, a responder is not
    return [&loop, held, call](auto value) {
        loop.post(
            [held, call, value = std::move(value)]() mutable { call(*held, std::move(value)); });
    };
}

}  // namespace carillon::transport
