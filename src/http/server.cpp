#include "http/server.hpp"

#include <carillon/base/log.hpp>

#include "http/session.hpp"
#include "http/session_context.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include <sys/socket.h>

namespace carillon::http {

namespace {

log::gate starved_lines{1};

/// Accepts on one listening socket.
class acceptor final : public net::io_handler {
public:
    acceptor(session_context& context, int fd) noexcept : context_(context), fd_(fd) {}
    ~acceptor() {
        if (retry_ != 0) context_.loop.cancel(retry_);
        if (watched_) context_.loop.remove(fd_);
    }
    acceptor(const acceptor&) = delete;
    acceptor& operator=(const acceptor&) = delete;

    result<> watch() {
        auto added = context_.loop.add_listener(fd_, *this);
        watched_ = added.has_value();
        return added;
    }

    void on_io(std::uint32_t) override {
        // The listener is level-triggered: what is left comes up again in the next turn, after the
        // new connections' requests. A lone connection is taken without a second call that only
        // says "no more".
        int accepted = 0;
        while (accepted < burst_) {
            sockaddr_storage peer{};
            socklen_t size = sizeof peer;
            auto& sa = reinterpret_cast<sockaddr&>(peer);
            net::unique_fd fd(::accept4(fd_, &sa, &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
            if (!fd) {
                if (!skip_failure(errno)) break;
                continue;
            }
            ++accepted;
            session::start(context_, net::make_plain_stream(std::move(fd)),
                           net::ip_address::from(sa));
        }
        burst_ = accepted == burst_ ? std::min(burst_ * 2, max_burst) : std::max(accepted, 1);
    }

private:
    static constexpr int max_burst = 64;
    static constexpr auto pause = std::chrono::milliseconds(100);

    /// True if the next connection may be fine: the error was this one's.
    bool skip_failure(int cause) {
        switch (cause) {
            case EAGAIN:
                return false;
            case EMFILE:
            case ENFILE:
                // Whoever says nothing makes room for those who ask for something.
                if (context_.close_silent()) return true;
                [[fallthrough]];
            case ENOBUFS:
            case ENOMEM:
                back_off(cause);
                return false;
            case EBADF:
            case EINVAL:
            case ENOTSOCK:
            case EOPNOTSUPP:
                log::error("a listening socket failed", {{"reason", std::strerror(cause)}});
                context_.loop.remove(fd_);
                watched_ = false;
                return false;
            default:
                return true;
        }
    }

    /// Clients wait in the backlog until descriptors are free again; watching meanwhile would spin.
    void back_off(int cause) {
        if (const auto held_back = starved_lines.pass()) {
            log::warning("not accepting for a moment",
                         {{"reason", std::strerror(cause)}, {"not_logged_before", *held_back}});
        }
        context_.loop.remove(fd_);
        watched_ = false;
        retry_ = context_.loop.call_after(pause, [this] {
            retry_ = 0;
            if (!watch()) back_off(ENOMEM);
        });
    }

    session_context& context_;
    int fd_;
    int burst_ = 1;
    bool watched_ = false;
    net::loop::timer_id retry_ = 0;
};

}  // namespace

struct server::impl {
    impl(net::loop& l, const router& r, std::shared_ptr<const server_options> o, server_counters& c)
        : context(l, r, std::move(o), c) {}

    session_context context;
    std::vector<std::unique_ptr<acceptor>> acceptors;
};

server::server(net::loop& l, const router& routes, std::shared_ptr<const server_options> options)
    : impl_(std::make_unique<impl>(l, routes, std::move(options), counters_)) {}

server::~server() = default;

result<> server::accept_on(int fd) {
    auto a = std::make_unique<acceptor>(impl_->context, fd);
    if (auto watched = a->watch(); !watched) return watched;
    impl_->acceptors.push_back(std::move(a));
    return {};
}

void server::stop_accepting() { impl_->acceptors.clear(); }

void server::adopt(net::unique_fd fd) {
    auto stream = net::make_plain_stream(std::move(fd));
    const net::ip_address peer = stream->peer();
    session::start(impl_->context, std::move(stream), peer);
}

void server::reload(std::shared_ptr<const server_options> options) {
    impl_->context.reload(std::move(options));
}

void server::close_when_idle() {
    impl_->context.closing = true;
    impl_->context.close_idle();
    impl_->context.cut_uploads();
}

}  // namespace carillon::http
