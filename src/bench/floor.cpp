#include "bench/floor.hpp"

#include "bench/payload.hpp"

#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

namespace carillon::bench {

namespace {

constexpr std::string_view topic_prefix = "/bench-";
constexpr std::size_t topic_digits = 6;

std::uint64_t thread_cpu_ns() noexcept {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u +
           static_cast<std::uint64_t>(t.tv_nsec);
}

class bare_loop {
public:
    bare_loop(int listener, const floor_script& script, floor_counters& counters)
        : listener_(listener), script_(script), counters_(counters), epoll_(::epoll_create1(0)) {
        // Accepted sockets inherit it. With Nagle's algorithm each event would wait for the last
        // one's ACK.
        const int on = 1;
        ::setsockopt(listener_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(listener_);
        event_ = script_.before + std::string(payload_size, ' ') + script_.after;
    }

    [[noreturn]] void run() {
        std::array<epoll_event, 512> ready;
        while (true) {
            const int n = ::epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), -1);
            for (int i = 0; i < n; ++i) {
                const int fd = ready[static_cast<std::size_t>(i)].data.fd;
                if (fd == listener_)
                    accept_all();
                else
                    serve(fd);
            }
        }
    }

private:
    static constexpr std::uint32_t nobody = ~0u;

    void watch(int fd) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = fd;
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    }

    void accept_all() {
        while (true) {
            const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
            if (fd < 0) return;
            watch(fd);
        }
    }

    void serve(int fd) {
        const auto n = ::recv(fd, buffer_.data(), buffer_.size(), 0);
        if (n <= 0) return drop(fd);
        const std::string_view request(buffer_.data(), static_cast<std::size_t>(n));
        if (request.starts_with("GET "))
            subscribe(fd, request);
        else
            publish(fd, request);
    }

    void subscribe(int fd, std::string_view request) {
        send_all(fd, script_.opening);
        if (script_.to == floor_script::delivery::everyone) {
            if (places_.size() <= static_cast<std::size_t>(fd))
                places_.resize(static_cast<std::size_t>(fd) + 1, nobody);
            places_[static_cast<std::size_t>(fd)] = static_cast<std::uint32_t>(subscribers_.size());
            subscribers_.push_back(fd);
            return;
        }
        const auto topic = topic_of(request);
        if (subscribers_.size() <= topic) subscribers_.resize(topic + 1, -1);
        subscribers_[topic] = fd;
    }

    void publish(int fd, std::string_view request) {
        const auto payload_at = request.find(payload_start);
        if (payload_at == std::string_view::npos) return drop(fd);
        std::memcpy(event_.data() + script_.before.size(), request.data() + payload_at,
                    payload_size);
        if (script_.to == floor_script::delivery::one_per_topic) {
            send_all(fd, script_.answer);
            const auto topic = topic_of(request);
            if (topic < subscribers_.size()) send_all(subscribers_[topic], event_);
            return;
        }
        const auto begin = thread_cpu_ns();
        for (const int subscriber : subscribers_) send_all(subscriber, event_);
        counters_.send_ns.fetch_add(thread_cpu_ns() - begin, std::memory_order_relaxed);
        send_all(fd, script_.answer);
    }

    static std::size_t topic_of(std::string_view request) {
        std::size_t number = 0;
        const auto at = request.find(topic_prefix);
        if (at == std::string_view::npos) return 0;
        const auto* digits = request.data() + at + topic_prefix.size();
        std::from_chars(digits, digits + topic_digits, number);
        return number;
    }

    static void send_all(int fd, std::string_view bytes) {
        // What does not fit is missing at the subscriber's, who reports it: the run then says so
        // instead of the floor growing a queue.
        (void)::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }

    void drop(int fd) {
        ::close(fd);
        const auto slot = static_cast<std::size_t>(fd);
        if (slot >= places_.size() || places_[slot] == nobody) return;
        const auto place = places_[slot];
        places_[slot] = nobody;
        subscribers_[place] = subscribers_.back();
        subscribers_.pop_back();
        if (place < subscribers_.size())
            places_[static_cast<std::size_t>(subscribers_[place])] = place;
    }

    int listener_;
    floor_script script_;
    floor_counters& counters_;
    int epoll_;
    std::string event_;
    std::array<char, 4096> buffer_{};
    std::vector<int> subscribers_;       ///< in order of arrival, or by topic
    std::vector<std::uint32_t> places_;  ///< by descriptor, in `subscribers_`
};

}  // namespace

floor_script floor_script::plain() {
    const std::string opening =
        "retry: 3000\nid: 4tq0zk.0\nevent: carillon.open\n"
        "data: {\"resume\":\"fresh\",\"topics\":[\"bench-000000\"]}\n\n";
    const std::string before = "id: 4tq0zk.123456\ndata: ";
    const std::string after = "\n\n";
    const std::string answer =
        R"({"id":"4tq0zk.123456","position":"123456","topic":"bench-000000"})";
    floor_script s;
    s.opening = fmt::format(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
        "Cache-Control: no-cache, no-transform\r\nX-Accel-Buffering: no\r\n"
        "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{}\r\n",
        opening.size(), opening);
    s.before = fmt::format("{:x}\r\n{}", before.size() + payload_size + after.size(), before);
    s.after = after + "\r\n";
    s.answer = fmt::format(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
        answer.size(), answer);
    return s;
}

void run_floor(int listener, const floor_script& script, floor_counters& counters) {
    bare_loop(listener, script, counters).run();
}

}  // namespace carillon::bench
