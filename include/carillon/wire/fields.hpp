// Values that an event stream can carry on one line. They hold no CR, LF or NUL, so that no block
// written from them can forge a field or an event. `parse` is the only way in. Source: WHATWG HTML,
// section 9.2.5 "Parsing an event stream" and 9.2.6 "Interpreting an event stream".
#pragma once

#include <carillon/base/result.hpp>

#include <compare>
#include <string>
#include <string_view>

namespace carillon::wire {

/// The `event:` field: 1 to 256 bytes of UTF-8 without CR, LF or NUL.
class event_name {
public:
    static constexpr std::size_t max_size = 256;
    static result<event_name> parse(std::string_view text);
    const std::string& str() const noexcept { return text_; }
    friend auto operator<=>(const event_name&, const event_name&) = default;

private:
    explicit event_name(std::string_view text) : text_(text) {}
    std::string text_;
};

/// The `id:` field: 1 to 128 characters of `[A-Za-z0-9._~-]`. Browsers send it back as
/// `Last-Event-ID`; a longer or odder value would cost a CORS preflight on each reconnection.
class event_id {
public:
    static constexpr std::size_t max_size = 128;
    static result<event_id> parse(std::string_view text);
    const std::string& str() const noexcept { return text_; }
    friend auto operator<=>(const event_id&, const event_id&) = default;

private:
    explicit event_id(std::string_view text) : text_(text) {}
    std::string text_;
};

}  // namespace carillon::wire
