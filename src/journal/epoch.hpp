// Names of epochs: one for each opening of a journal.
#pragma once

#include "base/random.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace carillon {

/// Eight characters of `[0-9a-z]`, at random.
inline std::string random_epoch() {
    static constexpr std::string_view alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";
    std::array<std::uint8_t, sizeof(std::uint64_t)> bytes{};
    fill_random(bytes);
    std::uint64_t number = 0;
    std::memcpy(&number, bytes.data(), sizeof number);
    std::string epoch;
    for (int i = 0; i < 8; ++i, number /= alphabet.size())
        epoch += alphabet[number % alphabet.size()];
    return epoch;
}

}  // namespace carillon
