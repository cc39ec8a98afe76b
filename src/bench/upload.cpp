#include "bench/upload.hpp"

#include "bench/clock.hpp"
#include "bench/payload.hpp"

#include <string>

#include <fmt/format.h>
#include <poll.h>

namespace carillon::bench {

namespace {

constexpr std::size_t chunk_size = 64u << 10;
constexpr std::uint32_t topics = 1000;
constexpr int patience_ms = 60'000;

bool wait_for(int fd, short what) {
    pollfd one{fd, what, 0};
    return ::poll(&one, 1, patience_ms) == 1;
}

result<> send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        } else if (!wait_for(fd, POLLOUT)) {
            return fail(errc::io_error, "the upload is not taken");
        }
    }
    return {};
}

}  // namespace

result<> upload_lines(const target& where, std::uint32_t events) {
    const auto fd = connect_to(where, {});
    if (!fd) return std::unexpected(fd.error());
    if (!wait_for(fd->get(), POLLOUT)) return fail(errc::io_error, "the upload cannot connect");
    const std::string head = fmt::format(
        "POST /events/publish HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-ndjson\r\n"
        "Transfer-Encoding: chunked\r\n\r\n",
        where.host);
    if (auto sent = send_all(fd->get(), head); !sent) return sent;
    std::string lines;
    for (std::uint32_t i = 0; i < events; ++i) {
        const auto payload = write_payload({0, i, now_ns()});
        fmt::format_to(std::back_inserter(lines), "{{\"topic\":\"{}\",\"data\":{}}}\n",
                       topic_name(i % topics), std::string_view(payload.data(), payload.size()));
        if (lines.size() < chunk_size && i + 1 != events) continue;
        const std::string chunk = fmt::format("{:x}\r\n{}\r\n", lines.size(), lines);
        if (auto sent = send_all(fd->get(), chunk); !sent) return sent;
        lines.clear();
    }
    if (auto sent = send_all(fd->get(), "0\r\n\r\n"); !sent) return sent;
    std::string answer(4096, '\0');
    if (!wait_for(fd->get(), POLLIN)) return fail(errc::io_error, "the upload is not answered");
    const auto got = ::recv(fd->get(), answer.data(), answer.size(), 0);
    answer.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    if (answer.starts_with("HTTP/1.1 200")) return {};
    return fail(errc::unavailable, "the upload failed: " + answer);
}

}  // namespace carillon::bench
