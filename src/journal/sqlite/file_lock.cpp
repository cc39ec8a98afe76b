#include "journal/sqlite/file_lock.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace carillon::sqlite {

result<file_lock> file_lock::take(const std::string& journal_path) {
    const std::string path = journal_path + ".lock";
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0) return fail(errc::io_error, fmt::format("{}: {}", path, std::strerror(errno)));
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return file_lock(fd, path);
    const int why = errno;
    ::close(fd);
    if (why == EWOULDBLOCK)
        return fail(errc::unavailable, fmt::format("{}: another process has the journal", path));
    return fail(errc::io_error, fmt::format("{}: {}", path, std::strerror(why)));
}

file_lock::~file_lock() {
    if (fd_ >= 0) ::close(fd_);
}

void file_lock::mark() {
    if (is_marked()) return;
    constexpr std::string_view text = "a journal is here\n";
    // Without it a journal that is gone begins anew without a warning, and no more.
    static_cast<void>(::pwrite(fd_, text.data(), text.size(), 0) == 0);
}

bool file_lock::is_marked() const {
    struct stat found{};
    return ::fstat(fd_, &found) == 0 && found.st_size != 0;
}

bool file_lock::is_in_place() const {
    struct stat ours{};
    struct stat there{};
    return ::fstat(fd_, &ours) == 0 && ::stat(path_.c_str(), &there) == 0 &&
           ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

}  // namespace carillon::sqlite
