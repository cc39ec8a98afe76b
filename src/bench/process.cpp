#include "bench/process.hpp"

#include "bench/clock.hpp"

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace carillon::bench {

namespace {

constexpr std::uint64_t start_limit_ns = 10'000'000'000;
constexpr int ready_poll_ms = 20;
constexpr std::size_t shown_log_bytes = 2000;

std::string read_file(const std::string& path) {
    net::unique_fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text(4096, '\0');
    const auto n = fd ? ::read(fd.get(), text.data(), text.size()) : 0;
    text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return text;
}

std::uint64_t first_number(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

// In the child: dies with the parent, whatever becomes of that.
void tie_to(pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
}

// What is measured is the server with its defaults and the arguments given, not this shell's
// settings.
void forget_settings() {
    constexpr std::string_view prefix = "CARILLON_";
    std::vector<std::string> names;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        if (text.starts_with(prefix)) names.emplace_back(text.substr(0, text.find('=')));
    }
    for (const auto& name : names) ::unsetenv(name.c_str());
}

[[noreturn]] void become_server(std::vector<std::string> arguments, int output, pid_t parent) {
    tie_to(parent);
    forget_settings();
    const int nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, 0);
    ::dup2(output, 1);
    ::dup2(output, 2);
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    ::execv("/proc/self/exe", argv.data());
    ::_exit(127);
}

// One GET on a connection of its own. True if the answer is 200.
bool is_ready(const target& where) {
    auto fd = connect_to(where, {});
    if (!fd) return false;
    pollfd waiting{fd->get(), POLLOUT, 0};
    if (::poll(&waiting, 1, 1000) != 1) return false;
    const auto request =
        fmt::format("GET /ready HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", where.host);
    if (::send(fd->get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return false;
    waiting.events = POLLIN;
    if (::poll(&waiting, 1, 1000) != 1) return false;
    char answer[64];
    const auto n = ::recv(fd->get(), answer, sizeof answer, 0);
    return n > 0 &&
           std::string_view(answer, static_cast<std::size_t>(n)).starts_with("HTTP/1.1 200 ");
}

std::string last_words(int log) {
    std::string text(shown_log_bytes, '\0');
    const auto size = ::lseek(log, 0, SEEK_END);
    const auto from = std::max<off_t>(0, size - static_cast<off_t>(shown_log_bytes));
    const auto n = ::pread(log, text.data(), text.size(), from);
    text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return text;
}

}  // namespace

void child_process::kill() noexcept {
    if (pid_ == 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
}

bool child_process::has_ended() noexcept {
    if (pid_ == 0 || ::waitpid(pid_, nullptr, WNOHANG) != pid_) return pid_ == 0;
    pid_ = 0;
    return true;
}

scratch_folder::scratch_folder()
    : path_((std::filesystem::temp_directory_path() / "carillon-bench-XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr) path_.clear();
}

scratch_folder::~scratch_folder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

result<subject> subject::start_server(const std::vector<std::string>& arguments) {
    std::uint16_t port = 0;
    {
        // Taken and given back: the server must choose nothing, so that no log has to be read.
        // Should another process take it in between, the server says "address in use" and the run
        // ends with that.
        auto taken = listen_on_loopback(port);
        if (!taken) return std::unexpected(taken.error());
    }
    std::vector<std::string> command{"carillon", "serve", "--listen",
                                     fmt::format("127.0.0.1:{}", port)};
    auto data = std::make_shared<const scratch_folder>();
    if (data->path().empty()) return fail(errc::io_error, "cannot make a folder for data");
    command.insert(command.end(), {"--data-dir", data->path(), "--topic_service.max_clients", "0"});
    command.insert(command.end(), arguments.begin(), arguments.end());
    const net::unique_fd log(::memfd_create("server log", MFD_CLOEXEC));

    const auto parent = ::getpid();
    const auto pid = ::fork();
    if (pid < 0) return fail(errc::io_error, "cannot start a process");
    if (pid == 0) become_server(std::move(command), log.get(), parent);

    subject s;
    s.data_ = std::move(data);
    s.child_ = child_process(pid);
    s.pid_ = pid;
    s.where_ = target::loopback(port);
    const auto end = now_ns() + start_limit_ns;
    while (!is_ready(s.where_)) {
        if (s.child_.has_ended() || now_ns() > end)
            return fail(errc::unavailable,
                        "the server did not get ready:\n" + last_words(log.get()));
        ::poll(nullptr, 0, ready_poll_ms);
    }
    return s;
}

result<subject> subject::start_floor(const floor_script& script) {
    std::uint16_t port = 0;
    auto listener = listen_on_loopback(port);
    if (!listener) return std::unexpected(listener.error());
    void* memory = ::mmap(nullptr, sizeof(floor_counters), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return fail(errc::io_error, "cannot share memory with the floor");
    auto* counters = new (memory) floor_counters;

    const auto parent = ::getpid();
    const auto pid = ::fork();
    if (pid < 0) return fail(errc::io_error, "cannot start a process");
    if (pid == 0) {
        tie_to(parent);
        run_floor(listener->get(), script, *counters);
    }
    subject s;
    s.child_ = child_process(pid);
    s.pid_ = pid;
    s.where_ = target::loopback(port);
    s.counters_ = {counters, [](const floor_counters* c) {
                       ::munmap(const_cast<floor_counters*>(c), sizeof *c);
                   }};
    return s;
}

subject subject::running(const target& where, pid_t pid) {
    subject s;
    s.where_ = where;
    s.pid_ = pid;
    return s;
}

std::uint64_t subject::cpu_ns() const { return pid_ == 0 ? 0 : cpu_ns_of(pid_); }

std::uint64_t subject::pss_bytes() const { return pid_ == 0 ? 0 : pss_bytes_of(pid_); }

std::uint64_t subject::floor_send_ns() const noexcept {
    return counters_ ? counters_->send_ns.load(std::memory_order_relaxed) : 0;
}

std::uint64_t cpu_ns_of(pid_t pid) {
    const auto tasks = fmt::format("/proc/{}/task", pid);
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(tasks.c_str()), &::closedir);
    if (!folder) return 0;
    std::uint64_t sum = 0;
    while (const auto* entry = ::readdir(folder.get())) {
        if (entry->d_name[0] == '.') continue;
        sum += first_number(read_file(fmt::format("{}/{}/schedstat", tasks, entry->d_name)));
    }
    return sum;
}

std::uint64_t pss_bytes_of(pid_t pid) {
    const auto text = read_file(fmt::format("/proc/{}/smaps_rollup", pid));
    constexpr std::string_view name = "\nPss:";
    const auto at = text.find(name);
    if (at == std::string::npos) return 0;
    return first_number(std::string_view(text).substr(at + name.size())) * 1024;
}

}  // namespace carillon::bench
