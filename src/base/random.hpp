// Randomness: for secrets, and cheap numbers for spreading.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace carillon {

/// Fills with the system's randomness, fit for secrets; fetched in blocks, so that an id costs no
/// system call.
void fill_random(std::span<std::uint8_t> out);

/// `length` characters of base64url, six random bits each, fit for secrets.
std::string random_token(std::size_t length);

/// A cheap number; not for secrets.
std::uint32_t quick_random() noexcept;

/// `base` ± 20 %: those who were cut off together do not come back in step.
std::chrono::milliseconds spread_around(std::chrono::milliseconds base) noexcept;
/// From `base` to twice as long: nobody comes back sooner than `base`.
std::chrono::milliseconds spread_beyond(std::chrono::milliseconds base) noexcept;

}  // namespace carillon
