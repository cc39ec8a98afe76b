#include "server/line_reader.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include <poll.h>
#include <unistd.h>

namespace carillon::server {

namespace {

constexpr std::size_t read_size = 64u << 10;

}  // namespace

line_reader::outcome line_reader::next(line& into, std::chrono::milliseconds wait) {
    const auto deadline = std::chrono::steady_clock::now() + wait;
    while (!take_line(into)) {
        if (ended_) {
            if (partial_.empty() && !too_long_) return outcome::end;
            finish(into);
            return outcome::line;
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        if (!fill(std::max(left, std::chrono::milliseconds(0)))) return outcome::nothing;
    }
    return outcome::line;
}

bool line_reader::take_line(line& into) {
    const std::size_t end = std::min(read_.find('\n', used_), read_.size());
    const std::size_t size = end - used_;
    // The CR of a line end is not known yet, so one byte more is kept than a line may have.
    if (!too_long_ && partial_.size() + size <= max_line_ + 1) {
        partial_.append(read_, used_, size);
    } else {
        too_long_ = true;
        partial_ = {};
    }
    used_ = end;
    if (end == read_.size()) return false;
    ++used_;
    finish(into);
    return true;
}

std::size_t line_reader::lines_left() const noexcept {
    const std::string_view rest = std::string_view(read_).substr(std::min(used_, read_.size()));
    return static_cast<std::size_t>(std::ranges::count(rest, '\n'));
}

void line_reader::finish(line& into) {
    if (partial_.ends_with('\r')) partial_.pop_back();
    into.number = ++number_;
    into.too_long = std::exchange(too_long_, false) || partial_.size() > max_line_;
    into.text = into.too_long ? std::string() : as_utf8(partial_);
    partial_.clear();
}

/// False if nothing came.
bool line_reader::fill(std::chrono::milliseconds wait) {
    pollfd p{fd_, POLLIN, 0};
    if (::poll(&p, 1, static_cast<int>(wait.count())) <= 0) return false;
    read_.resize(read_size);
    used_ = 0;
    const auto n = ::read(fd_, read_.data(), read_.size());
    read_.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    ended_ = n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN);
    return n > 0 || ended_;
}

}  // namespace carillon::server
