// Names of epochs: one for each opening of a journal.
#pragma once

#include <random>
#include <string>
#include <string_view>

namespace carillon {

/// Eight characters of `[0-9a-z]`, at random.
inline std::string random_epoch() {
    static constexpr std::string_view alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";
    std::random_device source;
    std::uniform_int_distribution<std::size_t> pick(0, alphabet.size() - 1);
    std::string epoch;
    for (int i = 0; i < 8; ++i) epoch += alphabet[pick(source)];
    return epoch;
}

}  // namespace carillon
