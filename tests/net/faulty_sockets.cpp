#include "support/faulty_sockets.hpp"

#include <cerrno>

#include <dlfcn.h>
#include <sys/socket.h>

namespace carillon::testing {

namespace {

std::atomic<faulty_sockets*> active = nullptr;

template <class Function>
Function* next(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

faulty_sockets::faulty_sockets() { active = this; }
faulty_sockets::~faulty_sockets() { active = nullptr; }

void faulty_sockets::set(plan& p, std::uint64_t nth, int cause) {
    p.fails_at = 0;
    p.calls = 0;
    p.cause = cause;
    p.fails_at = nth;
}

void faulty_sockets::fail_write(std::uint64_t nth, int cause) { set(writes_, nth, cause); }
void faulty_sockets::fail_read(std::uint64_t nth, int cause) { set(reads_, nth, cause); }

int faulty_sockets::before(plan& p) const noexcept {
    if (std::this_thread::get_id() == client_) return 0;
    return ++p.calls == p.fails_at ? p.cause.load() : 0;
}

}  // namespace carillon::testing

// The linker prefers these to the C library's.
extern "C" {

ssize_t send(int fd, const void* bytes, size_t size, int flags) {
    static const auto real = carillon::testing::next<decltype(send)>("send");
    if (auto* const faults = carillon::testing::active.load()) {
        if (const int cause = faults->before_write()) return errno = cause, -1;
    }
    return real(fd, bytes, size, flags);
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
    static const auto real = carillon::testing::next<decltype(sendmsg)>("sendmsg");
    if (auto* const faults = carillon::testing::active.load()) {
        if (const int cause = faults->before_write()) return errno = cause, -1;
    }
    return real(fd, message, flags);
}

ssize_t recv(int fd, void* room, size_t size, int flags) {
    static const auto real = carillon::testing::next<decltype(recv)>("recv");
    if (auto* const faults = carillon::testing::active.load()) {
        if (const int cause = faults->before_read()) return errno = cause, -1;
        if (faults->floods()) return static_cast<ssize_t>(size);
    }
    return real(fd, room, size, flags);
}
}
