// Tools for the file of a durable journal: copies, and whether one is sound.
#pragma once

#include <carillon/base/result.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace carillon {

/// Called now and then with how much of the work is done, in percent.
using progress = std::function<void(int)>;

/// Copies a journal as it is at one moment, also while a server uses it, into a file that must not
/// exist. A cursor that is given afterwards is answered `gap` with reason `lost` by a server that
/// runs on the copy. `fixed` runs when the moment has come and the copy begins. Errors: `io_error`,
/// `conflict` (the target exists), `unavailable` (no room).
result<> backup_sqlite_journal(const std::string& path, const std::string& to,
                               const progress& tell = {}, const std::function<void()>& fixed = {});

/// Puts a copy where a server will look for its journal. `replace`: what is there is moved aside,
/// to a name with `.replaced-` and the time. Errors as above, and `unavailable` while a server has
/// the journal.
result<> restore_sqlite_journal(const std::string& from, const std::string& path, bool replace,
                                const progress& tell = {});

/// Refuses a file that is another program's or a later version's, with `io_error`, and changes
/// nothing in it. One that is not there, or cannot be read, passes: opening it says why.
result<> check_journal_format(const std::string& path);

struct journal_check {
    std::uint64_t events = 0;
    std::uint64_t topics = 0;
    std::vector<std::string> problems;  ///< the first hundred; empty: the journal is sound
};
/// Reads all of a journal, also while a server uses it.
result<journal_check> verify_sqlite_journal(const std::string& path, const progress& tell = {});

}  // namespace carillon
