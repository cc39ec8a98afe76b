// Copies of database files, and putting one in another's place.
#pragma once

#include "sqlite/database.hpp"

#include <functional>
#include <string>

namespace carillon::sqlite {

/// Called now and then with how much of the work is done, in percent.
using copy_progress = std::function<void(int)>;

/// Copies what the connection sees into a file that must not exist, which is on the disk then. For
/// one state of it the connection is in a transaction. Errors: `conflict` (the target exists),
/// `io_error`, `unavailable` (no room).
result<> copy_file(connection& from, const std::string& to, const copy_progress& tell);

/// The same into the place of a file that nobody uses. `replace`: what is there is moved aside, to
/// a name with `.replaced-` and the time; else it is a `conflict`. Whatever fails or ends the
/// process, a file is at `path`: the one from before or the copy.
result<> replace_file(connection& from, const std::string& path, bool replace,
                      const copy_progress& tell);

/// Whether the file's pages and indexes are sound; an error if it cannot be read to the end.
result<> check_pages(connection& c, const std::function<void(std::string)>& problem);

}  // namespace carillon::sqlite
