// What one publish may store for all its recipients together.
#pragma once

#include <carillon/base/result.hpp>
#include <carillon/hub/options.hpp>

#include <cstddef>

namespace carillon {

/// Error `payload_too_large`, as of `hub_options::max_copied`.
result<> check_copies(std::size_t bytes, const hub_options& limits);

}  // namespace carillon
