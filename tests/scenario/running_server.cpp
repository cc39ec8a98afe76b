#include "support/running_server.hpp"

#include <array>
#include <csignal>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace carillon::testing {

using namespace std::chrono_literals;

namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    a.sin_port = htons(port);
    return a;
}

}  // namespace

std::uint16_t free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in a = loopback(0);
    ::bind(fd, reinterpret_cast<sockaddr*>(&a), sizeof a);
    socklen_t size = sizeof a;
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&a), &size);
    ::close(fd);
    return ntohs(a.sin_port);
}

raw_client::raw_client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const sockaddr_in a = loopback(port);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&a), sizeof a) != 0) {
        ::close(fd_);
        fd_ = -1;
    }
}

raw_client::~raw_client() {
    if (fd_ >= 0) ::close(fd_);
}

void raw_client::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
}

bool raw_client::more(std::chrono::steady_clock::time_point deadline) {
    if (fd_ < 0) return false;
    pollfd p{fd_, POLLIN, 0};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0 || ::poll(&p, 1, static_cast<int>(left.count())) <= 0) return false;
    std::array<char, 65536> buffer{};
    const auto n = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (n <= 0) return false;
    seen_.append(buffer.data(), static_cast<std::size_t>(n));
    return true;
}

bool raw_client::read_until(std::string_view text) { return read_count(text, 1); }

bool raw_client::read_count(std::string_view text, std::size_t count) {
    const auto deadline = std::chrono::steady_clock::now() + 5s;
    std::size_t found = 0;
    std::size_t from = 0;
    for (;;) {
        for (std::size_t at = seen_.find(text, from); at != std::string::npos;
             at = seen_.find(text, from)) {
            ++found;
            from = at + text.size();
        }
        if (found >= count) return true;
        // What is not found yet may begin at the end of what was read.
        from = std::max(from, seen_.size() - std::min(seen_.size(), text.size() - 1));
        if (!more(deadline)) return false;
    }
}

std::string raw_client::read_all() {
    const auto deadline = std::chrono::steady_clock::now() + 5s;
    while (more(deadline)) {
    }
    return seen_;
}

void raw_client::limit_receive_buffer(int bytes) {
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

running_server::running_server(std::vector<std::string> arguments, std::uint16_t port)
    : port_(port != 0 ? port : free_port()) {
    arguments.insert(arguments.begin(),
                     {CARILLON_BINARY, "serve", "--listen", "127.0.0.1:" + std::to_string(port_),
                      "--log.level", "error"});
    std::vector<char*> argv;
    for (std::string& a : arguments) argv.push_back(a.data());
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::execv(argv[0], argv.data());
        ::_exit(127);
    }
    for (int i = 0; i < 500; ++i) {
        if (request("GET", "/ready").starts_with("HTTP/1.1 200")) return;
        std::this_thread::sleep_for(10ms);
    }
    ADD_FAILURE() << "the server does not start";
}

running_server::~running_server() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

void running_server::signal(int number) const { ::kill(pid_, number); }

int running_server::wait() {
    for (int i = 0; i < 1000; ++i) {
        int status = 0;
        if (::waitpid(pid_, &status, WNOHANG) == pid_) {
            pid_ = -1;
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
        std::this_thread::sleep_for(10ms);
    }
    return -1;
}

std::string running_server::request(std::string_view method, std::string_view path,
                                    std::string_view body, std::string_view headers) const {
    raw_client c(port_);
    std::string text = std::string(method) + " " + std::string(path) +
                       " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
    text.append(headers);
    if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    c.send(text.append("\r\n").append(body));
    return c.read_all();
}

std::string running_server::publish(std::string_view topic, std::string_view data) const {
    const std::string answer =
        request("POST", "/events/publish/" + std::string(topic),
                "{\"data\":" + std::string(data) + "}", "Content-Type: application/json\r\n");
    const std::size_t at = answer.find("\"id\":\"");
    if (at == std::string::npos) {
        ADD_FAILURE() << answer;
        return {};
    }
    return answer.substr(at + 6, answer.find('"', at + 6) - at - 6);
}

void running_server::subscribe(raw_client& c, std::string_view target,
                               std::string_view headers) const {
    c.send("GET /events/subscribe" + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" +
           std::string(headers) + "\r\n");
}

std::pair<int, std::string> run_carillon(const std::string& arguments) {
    const std::string command = std::string(CARILLON_BINARY) + " " + arguments + " 2>&1";
    FILE* out = ::popen(command.c_str(), "r");
    std::string text;
    std::array<char, 4096> buffer{};
    while (const auto n = std::fread(buffer.data(), 1, buffer.size(), out))
        text.append(buffer.data(), n);
    const int status = ::pclose(out);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text};
}

}  // namespace carillon::testing
