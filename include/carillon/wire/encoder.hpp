// Event -> bytes. Pure functions; no state, no I/O.
#pragma once

#include <carillon/wire/fields.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace carillon::wire {

/// One block of an event stream. Views must outlive the call that encodes them.
struct block {
    std::string_view comment =
        {};  ///< each line becomes a `: …` line before the fields; CR, LF, CRLF split
    const event_id* id = nullptr;      ///< written as `id:`
    const event_name* name = nullptr;  ///< written as `event:`
    std::optional<std::chrono::milliseconds> retry = {};
    std::optional<std::string_view> data = {};  ///< one `data:` line per line; CR, LF, CRLF split
};

/// Appends the block and the blank line that ends it. A block without `data` sets id and retry in
/// the client but dispatches nothing.
void append(std::string& out, const block& b);

/// Appends `id: ` lines from text that is known to be safe by construction (the hub's own ids).
void append(std::string& out, const block& b, std::string_view own_id);

}  // namespace carillon::wire
