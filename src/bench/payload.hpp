// The JSON that every measured event carries. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace carillon::bench {

/// Which publisher sent an event, as which of its events, and when.
struct stamp {
    std::uint32_t lane = 0;  ///< the publisher, 0 to 99; sequences count per lane (and per topic)
    std::uint32_t sequence = 0;  ///< from 0, without holes
    std::uint64_t sent_ns = 0;   ///< `now_ns()` just before the request was written

    friend bool operator==(const stamp&, const stamp&) = default;
};

inline constexpr std::size_t payload_size = 150;
/// How every payload begins; no other part of a stream of ours contains it.
inline constexpr std::string_view payload_start = R"({"p":")";

/// `{"p":"07","s":"00000042","t":"0000000012345678901","x":"xxx…"}`: a JSON object of exactly 150
/// bytes. Its numbers stand at fixed places (as strings: JSON allows no leading zeros), so that
/// checking one costs no JSON parser.
std::array<char, payload_size> write_payload(const stamp& s) noexcept;

/// Empty unless `data` is byte for byte what `write_payload` wrote.
std::optional<stamp> read_payload(std::string_view data) noexcept;

/// Appends the body of a publish: one event, `{"data":{…}}`.
void append_event(std::string& body, const stamp& s);

/// The topic with this number: "bench-000042". All have the same length.
std::string topic_name(std::size_t number);

}  // namespace carillon::bench
