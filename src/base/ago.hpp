// A moment before another, for ages that an embedder may have set to "for ever".
#pragma once

#include <chrono>

namespace carillon {

/// `age` before `now`, but never before 1970: std::chrono::seconds::max() less than any moment
/// would overflow.
inline std::chrono::system_clock::time_point ago(std::chrono::system_clock::time_point now,
                                                 std::chrono::seconds age) {
    // Both in seconds: a comparison would turn the age into nanoseconds.
    const auto since_1970 = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
    return age >= since_1970 ? std::chrono::system_clock::time_point{} : now - age;
}

}  // namespace carillon
