// An event as the bytes of one column.
#pragma once

#include <carillon/journal/event.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace carillon::sqlite {

/// Writes the event's fields over `out`: a version, a checksum of all that follows and of the
/// position, flags, then each field that is there. An event that waits for its time has position 0.
void pack(const event& e, position pos, std::string& out);

/// The same for what is left of an event when `by` has erased it: its topics and its id.
void pack_erased(const stored_event& e, position by, std::string& out);

/// Null if the bytes are damaged or of a version that is not known. Version 1 bears no checksum:
/// there, only what is malformed is found.
std::shared_ptr<stored_event> unpack(std::string_view record, position pos,
                                     std::int64_t stored_at_ms);

/// Whether its checksum is right; true for a record that bears none.
bool is_sound(std::string_view record, position pos);

/// Whether a topic of the record satisfies `wanted`, without unpacking the rest.
template <class Wanted>
bool any_topic(std::string_view record, Wanted&& wanted);

// Implementation.

namespace record {

inline constexpr unsigned char version = 2;
inline constexpr unsigned char version_without_checksum = 1;
inline constexpr std::size_t checksum_size = 4;

/// What follows version and checksum; nothing if the version is not known.
inline std::optional<std::string_view> body_of(std::string_view record) noexcept {
    if (record.empty()) return std::nullopt;
    const auto found = static_cast<unsigned char>(record.front());
    record.remove_prefix(1);
    if (found == version_without_checksum) return record;
    if (found != version || record.size() < checksum_size) return std::nullopt;
    return record.substr(checksum_size);
}

/// Reads what `pack` wrote; `broken` once the bytes end too early.
class reader {
public:
    explicit reader(std::string_view bytes) : left_(bytes) {}
    std::uint64_t number() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64 && !left_.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(left_.front());
            left_.remove_prefix(1);
            value |= std::uint64_t{byte & 0x7Fu} << shift;
            if (byte < 0x80) return value;
        }
        broken = true;
        return 0;
    }
    std::string_view text() {
        const std::uint64_t size = number();
        if (size > left_.size()) {
            broken = true;
            return {};
        }
        const std::string_view all = left_.substr(0, size);
        left_.remove_prefix(size);
        return all;
    }
    bool broken = false;

private:
    std::string_view left_;
};

}  // namespace record

template <class Wanted>
bool any_topic(std::string_view bytes, Wanted&& wanted) {
    const auto body = record::body_of(bytes);
    if (!body) return false;
    record::reader in(*body);
    in.number();  // flags
    for (std::uint64_t left = in.number(); left > 0 && !in.broken; --left) {
        const std::string_view topic = in.text();
        if (!in.broken && wanted(topic)) return true;
    }
    return false;
}

}  // namespace carillon::sqlite
