#include "support/process.hpp"

#include <array>
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace carillon::testing {

namespace {

using std::chrono::steady_clock;

int milliseconds_until(steady_clock::time_point deadline) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now()).count();
    return static_cast<int>(std::max<std::int64_t>(left, 0));
}

std::vector<char*> pointers(strings& texts) {
    std::vector<char*> all;
    for (std::string& text : texts) all.push_back(text.data());
    all.push_back(nullptr);
    return all;
}

void close_if_open(int& fd) {
    if (fd >= 0) ::close(fd);
    fd = -1;
}

}  // namespace

process::process(strings arguments, strings environment) {
    for (char** entry = environ; *entry != nullptr; ++entry) {
        if (!std::string_view(*entry).starts_with("CARILLON_")) environment.emplace_back(*entry);
    }
    // All memory is taken before the fork: the child may do little more than replace itself.
    const auto argv = pointers(arguments);
    const auto envp = pointers(environment);
    std::array<int, 2> in{-1, -1};
    std::array<int, 2> out{-1, -1};
    if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0) return;
    const int parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(127);
        ::dup2(in[0], STDIN_FILENO);
        ::dup2(out[1], STDOUT_FILENO);
        ::dup2(out[1], STDERR_FILENO);
        ::execve(argv[0], argv.data(), envp.data());
        ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    input_ = in[1];
    printed_ = out[0];
}

process::~process() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        reap(0);
    }
    close_if_open(input_);
    close_if_open(printed_);
}

void process::write(std::string_view text) const {
    while (!text.empty()) {
        const auto n = ::write(input_, text.data(), text.size());
        if (n <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(n));
    }
}

void process::close_input() { close_if_open(input_); }

void process::close_output() { close_if_open(printed_); }

bool process::read_some(steady_clock::time_point deadline) {
    if (printed_ < 0) return false;
    pollfd p{printed_, POLLIN, 0};
    if (::poll(&p, 1, milliseconds_until(deadline)) <= 0) return false;
    std::array<char, 4096> buffer;
    const auto n = ::read(printed_, buffer.data(), buffer.size());
    if (n <= 0) {
        close_if_open(printed_);
        return false;
    }
    output_.append(buffer.data(), static_cast<std::size_t>(n));
    return true;
}

bool process::read_until(std::string_view text) {
    const auto deadline = steady_clock::now() + patience;
    while (output_.find(text) == std::string::npos) {
        if (!read_some(deadline)) return false;
    }
    return true;
}

void process::signal(int number) const {
    if (pid_ > 0) ::kill(pid_, number);
}

void process::reap(int options) {
    int status = 0;
    if (pid_ <= 0 || ::waitpid(pid_, &status, options) != pid_) return;
    pid_ = -1;
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool process::running() {
    reap(WNOHANG);
    return pid_ > 0;
}

bool process::ends() {
    const auto deadline = steady_clock::now() + patience;
    while (running() && steady_clock::now() < deadline) ::poll(nullptr, 0, 5);
    return !running();
}

int process::wait() {
    // The end of its output is the end of the program, but for a moment.
    const auto deadline = steady_clock::now() + patience;
    while (read_some(deadline)) {
    }
    while (running() && steady_clock::now() < deadline) ::poll(nullptr, 0, 1);
    return status_;
}

strings carillon(strings arguments) {
    const char* const other = std::getenv("TEST_SERVER");
    arguments.insert(arguments.begin(), other != nullptr ? other : CARILLON_BINARY);
    return arguments;
}

finished run_carillon(strings arguments, std::string_view input, strings environment) {
    process p(carillon(std::move(arguments)), std::move(environment));
    p.write(input);
    p.close_input();
    const int status = p.wait();
    return {status, p.output()};
}

}  // namespace carillon::testing
