// The floor of the durable journal: SQLite, and nothing around it.
#pragma once

#include <carillon/base/result.hpp>

#include <cstdint>

namespace carillon::bench {

/// Appends so many rows as the journal stores them, with an index by topic, in groups of 512 as an
/// upload makes them, one transaction each, in a file of its own; copies the write-ahead log as
/// SQLite does by default. Gives this thread's CPU per row in µs.
result<double> bare_sqlite_us_per_row(std::uint32_t rows);

}  // namespace carillon::bench
