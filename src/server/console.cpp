#include "server/console.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace carillon::server {

namespace {

constexpr int patience_ms = 1000;

}  // namespace

void open_standard_files() noexcept {
    for (;;) {
        const int fd = ::open("/dev/null", O_RDWR);
        if (fd > STDERR_FILENO) ::close(fd);
        if (fd < 0 || fd > STDERR_FILENO) return;
    }
}

void complain(std::string_view line) noexcept { complain_raw(std::string(line) + '\n'); }

void complain_raw(std::string_view text) noexcept {
    while (!text.empty()) {
        pollfd p{STDERR_FILENO, POLLOUT, 0};
        if (::poll(&p, 1, patience_ms) <= 0) return;
        const auto n =
            ::write(STDERR_FILENO, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
        if (n < 0 && errno != EINTR && errno != EAGAIN) return;
        if (n > 0) text.remove_prefix(static_cast<std::size_t>(n));
    }
}

bool say(std::string_view text) noexcept {
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
           std::fflush(stdout) == 0;
}

}  // namespace carillon::server
