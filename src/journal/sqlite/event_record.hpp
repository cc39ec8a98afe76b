// An event as the bytes of one column.
#pragma once

#include <carillon/journal/event.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace carillon::sqlite {

/// Writes the event's fields over `out`: a version, flags, then each field that is there.
void pack(const event& e, std::string& out);

/// The same for what is left of an erased event: its topics and its id.
void pack_erased(const event& e, std::string& out);

/// Null if the bytes are no record of a version that is known.
std::shared_ptr<stored_event> unpack(std::string_view record, position pos,
                                     std::int64_t stored_at_ms);

/// Whether a topic of the record satisfies `wanted`, without unpacking the rest.
template <class Wanted>
bool any_topic(std::string_view record, Wanted&& wanted);

// Implementation.

namespace record {

inline constexpr char version = 1;

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
    record::reader in(bytes);
    if (in.number() != record::version) return false;
    in.number();  // flags
    for (std::uint64_t left = in.number(); left > 0 && !in.broken; --left) {
        const std::string_view topic = in.text();
        if (!in.broken && wanted(topic)) return true;
    }
    return false;
}

}  // namespace carillon::sqlite
