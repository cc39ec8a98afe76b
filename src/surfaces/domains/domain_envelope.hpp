// How system C shows events: named ones, unnamed ones, or both.
#pragma once

#include <carillon/hub/envelope.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace carillon::surfaces {

/// For listeners by `addEventListener`, by `onmessage`, or for pages that have both.
enum class dispatch : std::uint8_t { named, message, both };
/// Nothing if there is no such way.
std::optional<dispatch> parse_dispatch(std::string_view text) noexcept;

/// `notification`, `system-status`, `realtime-update`, `entity-created` and its like,
/// `chat-message` and its like, by the event's kind; others are not shown. Data are the event's
/// fields, with `timestamp` and, for one recipient, `userId` before them; data that has no fields
/// is in `data`. With `both`, the unnamed block follows the named one in the same write, and only
/// the last has the id: a cut between them repeats the event rather than loses it.
class domain_envelope final : public envelope {
public:
    explicit domain_envelope(dispatch how) noexcept : how_(how) {}
    bool encode(const stored_event& e, std::string_view id, std::string& out) const override;

private:
    const dispatch how_;
};

}  // namespace carillon::surfaces
