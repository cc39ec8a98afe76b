// One process at a time has a journal.
#pragma once

#include <carillon/base/result.hpp>

#include <string>
#include <utility>

namespace carillon::sqlite {

/// The lock of a journal's file; let go with the process. Beside the file, since closing any
/// descriptor of the file itself would drop SQLite's own locks.
class file_lock {
public:
    /// Errors: `unavailable` (another has it), `io_error`.
    static result<file_lock> take(const std::string& journal_path);
    file_lock(file_lock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    ~file_lock();

private:
    explicit file_lock(int fd) : fd_(fd) {}
    int fd_;
};

}  // namespace carillon::sqlite
