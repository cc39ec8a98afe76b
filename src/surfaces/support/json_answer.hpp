// Answers and the data of events as JSON text.
#pragma once

#include <carillon/journal/event.hpp>

#include "http/server.hpp"

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace carillon::surfaces {

/// Writes one JSON object, member by member. Texts are UTF-8.
class json_object {
public:
    json_object& text(std::string_view name, std::string_view value);
    /// Nothing for an empty text.
    json_object& text_if(std::string_view name, std::string_view value);
    /// A JSON value's text as it is.
    json_object& raw(std::string_view name, std::string_view json);
    json_object& texts(std::string_view name, const std::vector<std::string>& values);
    json_object& time(std::string_view name, std::chrono::system_clock::time_point t);
    template <class T>
        requires std::is_arithmetic_v<T>
    json_object& number(std::string_view name, T value) {
        if constexpr (std::same_as<T, bool>) {
            return raw(name, value ? "true" : "false");
        } else {
            return raw(name, std::to_string(value));
        }
    }
    /// The object's text; the writer is empty afterwards.
    std::string take();

private:
    void begin(std::string_view name);

    std::string text_ = "{";
};

/// `[…]` of values that are JSON texts.
std::string json_list(const std::vector<std::string>& values);

/// The event's data as one JSON value: its own text, or a string of it.
std::string data_json(const event& e);
/// The sender's timestamp if they gave one, else the time when the event was stored.
std::string timestamp_of(const stored_event& e);
/// The user that a copy of an event is for; empty if it is for several, or for nobody in
/// particular.
std::string recipient_of(const event& e);

/// 204.
void answer_done(http::responder& to, const result<>& done);

}  // namespace carillon::surfaces
