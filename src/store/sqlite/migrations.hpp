// The tables of the records' file, version by version.
#pragma once

#include "sqlite/database.hpp"

namespace carillon::store {

/// Of this program's records: "CarR".
inline constexpr std::int32_t application_id = 0x43617252;

/// The version that this program writes.
int newest_version() noexcept;

/// Refuses, with `io_error`, a file that is another program's or a later version's; writes nothing.
result<> check_file(sqlite::connection& on);

/// Brings a file from its version to the newest in one transaction: a program that ends on the way
/// leaves the file as it was. Refuses what `check_file` does.
result<> migrate(sqlite::connection& on);

}  // namespace carillon::store
