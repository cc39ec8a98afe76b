// What the replayer asks the journal, and how the answer finds its stream again.
#pragma once

#include "hub/shard_impl.hpp"

#include <array>
#include <cstdint>
#include <utility>

namespace carillon {

// So much memory one stream's page may take.
inline constexpr std::size_t page_events = 128;
inline constexpr std::size_t page_bytes = 64u << 10;

/// Which stream asked, and for what. The stream may have gone by the time of the answer, and its
/// slot may have another.
struct replayer::question {
    std::uint32_t slot = 0;
    std::array<std::uint8_t, 16> key{};
    position upto;
    std::uint64_t next_seq = 0;  ///< on the tail, when it was asked
};

/// A journal's callback that goes on in this shard's thread, at once if it is there already.
template <class Answer>
auto replayer::here(question asked, void (replayer::*then)(const question&, result<Answer>)) {
    return [this, asked, then](result<Answer> answer) {
        if (home_.on().is_here()) return (this->*then)(asked, std::move(answer));
        home_.post([this, asked, then, answer = std::move(answer)]() mutable {
            (this->*then)(asked, std::move(answer));
        });
    };
}

}  // namespace carillon
