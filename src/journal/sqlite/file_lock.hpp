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
    file_lock(file_lock&& other) noexcept
        : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}
    ~file_lock();

    /// Notes that a journal was here, for the next one that takes it.
    void mark();
    /// Whether one was here before.
    bool is_marked() const;
    /// False: the lock was deleted or replaced, so that another process may have taken it anew.
    bool is_in_place() const;

private:
    file_lock(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
    int fd_;
    std::string path_;
};

}  // namespace carillon::sqlite
