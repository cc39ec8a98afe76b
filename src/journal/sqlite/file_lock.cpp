#include "journal/sqlite/file_lock.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

namespace carillon::sqlite {

result<file_lock> file_lock::take(const std::string& journal_path) {
    const std::string path = journal_path + ".lock";
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0) return fail(errc::io_error, fmt::format("{}: {}", path, std::strerror(errno)));
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return file_lock(fd);
    const int why = errno;
    ::close(fd);
    if (why == EWOULDBLOCK)
        return fail(errc::unavailable, fmt::format("{}: another process has the journal", path));
    return fail(errc::io_error, fmt::format("{}: {}", path, std::strerror(why)));
}

file_lock::~file_lock() {
    if (fd_ >= 0) ::close(fd_);
}

}  // namespace carillon::sqlite
