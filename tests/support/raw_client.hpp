// A plain connection that speaks bytes.
#pragma once

#include "support/process.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace carillon::testing {

/// A response as it came. Status 0: none.
struct answer {
    int status = 0;
    std::string head;  ///< with the status line
    std::string body;

    /// The first value of a field; empty if there is none.
    std::string header(std::string_view name) const;
};

/// Text of `name`'s value in a JSON object: a string without its quotes, or a number or word as it
/// is. Empty if there is none.
std::string json_value(std::string_view json, std::string_view name);

/// A blocking socket on loopback. Reads give up after `patience`, so that a test fails rather than
/// hangs.
class raw_client {
public:
    /// `receive_buffer`: SO_RCVBUF in bytes; 0: the system's choice. `from`: a loopback address,
    /// such as "127.0.0.9"; null: the usual one.
    explicit raw_client(std::uint16_t port, int receive_buffer = 0, const char* from = nullptr);
    /// Over a Unix socket.
    explicit raw_client(const std::string& path);
    ~raw_client();
    raw_client(const raw_client&) = delete;
    raw_client& operator=(const raw_client&) = delete;

    bool connected() const noexcept { return fd_ >= 0; }
    raw_client& send(std::string_view bytes);
    /// One byte per segment.
    raw_client& send_slowly(std::string_view bytes);
    /// Closes this half only: no more comes, and what the server sends can be read.
    raw_client& end_sending();
    /// The next bytes, at most `most`; empty at the end or when the time is over.
    std::string receive(std::size_t most = 64u << 10, std::chrono::milliseconds limit = patience);
    /// Reads until all that has arrived contains `text`.
    bool read_until(std::string_view text);
    /// The next response, by its Content-Length. `to_head`: it answers HEAD.
    answer read_answer(bool to_head = false);
    /// Everything until the server closes.
    const std::string& read_all();
    /// The server has closed, which a read has found.
    bool ended() const noexcept { return ended_; }
    /// What arrived and no `read_answer` took.
    const std::string& seen() const noexcept { return seen_; }
    void close();
    /// Ends with a reset, as the kernel does for a process that was killed with unread bytes.
    void reset();

private:
    bool more();

    int fd_ = -1;
    bool ended_ = false;
    std::string seen_;
};

}  // namespace carillon::testing
