#include "support/raw_client.hpp"

#include <algorithm>
#include <charconv>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace carillon::testing {

std::string answer::header(std::string_view name) const {
    std::string_view rest = head;
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find("\r\n"));
        rest.remove_prefix(std::min(rest.size(), line.size() + 2));
        const bool same = line.size() > name.size() && line[name.size()] == ':' &&
                          ::strncasecmp(line.data(), name.data(), name.size()) == 0;
        if (!same) continue;
        const std::size_t value = line.find_first_not_of(' ', name.size() + 1);
        return value == std::string_view::npos ? "" : std::string(line.substr(value));
    }
    return {};
}

std::string json_value(std::string_view json, std::string_view name) {
    const std::string key = "\"" + std::string(name) + "\":";
    const std::size_t at = json.find(key);
    if (at == std::string_view::npos) return {};
    const std::string_view rest = json.substr(at + key.size());
    const bool quoted = rest.starts_with('"');
    return std::string(quoted ? rest.substr(1, rest.find('"', 1) - 1)
                              : rest.substr(0, rest.find_first_of(",]}")));
}

raw_client::raw_client(std::uint16_t port, int receive_buffer, const char* from)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    // Before the connection is made: the window is agreed on then.
    if (receive_buffer != 0)
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    const int yes = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (from != nullptr) {
        sockaddr_in own{};
        own.sin_family = AF_INET;
        ::inet_pton(AF_INET, from, &own.sin_addr);
        ::bind(fd_, reinterpret_cast<const sockaddr*>(&own), sizeof own);
    }
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(port);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) close();
}

raw_client::raw_client(const std::string& path)
    : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    path.copy(to.sun_path, sizeof to.sun_path - 1);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) close();
}

raw_client::~raw_client() { close(); }

void raw_client::close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

void raw_client::reset() {
    const linger at_once{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
}

raw_client& raw_client::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n <= 0) break;
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return *this;
}

raw_client& raw_client::send_slowly(std::string_view bytes) {
    for (const char& byte : bytes) send({&byte, 1});
    return *this;
}

raw_client& raw_client::end_sending() {
    ::shutdown(fd_, SHUT_WR);
    return *this;
}

std::string raw_client::receive(std::size_t most, std::chrono::milliseconds limit) {
    pollfd p{fd_, POLLIN, 0};
    if (fd_ < 0 || ::poll(&p, 1, static_cast<int>(limit.count())) <= 0) return {};
    std::string bytes(most, '\0');
    const auto n = ::recv(fd_, bytes.data(), bytes.size(), 0);
    ended_ = n <= 0;
    bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    return bytes;
}

bool raw_client::more() {
    const std::string bytes = receive();
    seen_ += bytes;
    return !bytes.empty();
}

bool raw_client::read_until(std::string_view text) {
    std::size_t from = 0;
    while (seen_.find(text, from) == std::string::npos) {
        // Its beginning may stand at the end of what was read.
        from = seen_.size() - std::min(seen_.size(), text.size() - 1);
        if (!more()) return false;
    }
    return true;
}

answer raw_client::read_answer(bool to_head) {
    answer got;
    if (!read_until("\r\n\r\n")) return got;
    const std::size_t end = seen_.find("\r\n\r\n") + 4;
    got.head = seen_.substr(0, end);
    seen_.erase(0, end);
    if (got.head.size() > 12)
        std::from_chars(got.head.data() + 9, got.head.data() + 12, got.status);
    std::size_t length = 0;
    const std::string text = got.header("Content-Length");
    std::from_chars(text.data(), text.data() + text.size(), length);
    if (to_head) length = 0;
    while (seen_.size() < length && more()) {
    }
    got.body = seen_.substr(0, length);
    seen_.erase(0, length);
    return got;
}

const std::string& raw_client::read_all() {
    while (more()) {
    }
    return seen_;
}

}  // namespace carillon::testing
