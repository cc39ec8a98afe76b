// JSON of about 1 KiB, as applications send it.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace carillon::bench {

inline constexpr std::size_t corpus_size = 20;

/// Objects of 950 to 1,090 bytes, 1 KiB on the average.
std::span<const std::string_view> corpus() noexcept;

}  // namespace carillon::bench
