// One long upload of newline-delimited JSON.
#pragma once

#include <carillon/base/result.hpp>

#include "bench/socket.hpp"

#include <cstdint>

namespace carillon::bench {

/// Uploads so many events of the usual payload, in a thousand topics in turn, as chunks of 64 KiB,
/// and waits for the answer. Blocks. Errors: `io_error`, and `unavailable` if the answer is no 200.
result<> upload_lines(const target& where, std::uint32_t events);

}  // namespace carillon::bench
