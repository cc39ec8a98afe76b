// The real binary as a server in a process of its own.
#pragma once

#include "support/process.hpp"
#include "support/raw_client.hpp"
#include "support/temporary_folder.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace carillon::testing {

/// The field line that publishing needs.
inline constexpr std::string_view json_type = "Content-Type: application/json\r\n";
inline constexpr std::string_view lines_type = "Content-Type: application/x-ndjson\r\n";

/// The field line of a developer's token that says `root:root:root@localhost:admin`.
inline constexpr std::string_view as_admin =
    "Authorization: Bearer cm9vdDpyb290OnJvb3RAbG9jYWxob3N0OmFkbWlu\r\n";

/// A loopback port that nobody listens on, below those that the system gives to connections.
std::uint16_t free_port();

/// Logs errors only, unless `log.level` is among the arguments.
class running_server {
public:
    /// Starts `carillon serve --listen 127.0.0.1:PORT arguments…` and waits until it is ready. Its
    /// data goes with the test.
    /// `wrapper`: a command that runs the server, such as `prlimit --nofile=64`.
    explicit running_server(strings arguments = {}, std::uint16_t port = 0,
                            strings environment = {}, strings wrapper = {});
    /// Ends it at once; the test fails if it does not end well.
    ~running_server();
    running_server(const running_server&) = delete;
    running_server& operator=(const running_server&) = delete;

    std::uint16_t port() const noexcept { return port_; }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    void signal(int number) const { process_->signal(number); }
    /// Its exit status, -1 if it does not end.
    int wait() { return process_->wait(); }
    /// True if it ends though nobody reads its log.
    bool ends() { return process_->ends(); }
    /// Nobody reads its log any more.
    void close_log() { process_->close_output(); }
    /// SIGKILL.
    void kill();
    /// Starts it again on the same port after its end, and waits until `path` is answered 200.
    void restart(std::string_view path = "/ready");
    /// Waits for this in its log.
    bool logs(std::string_view text) { return process_->read_until(text); }
    /// What has been read of its log.
    const std::string& log() const noexcept { return process_->output(); }
    int pid() const noexcept { return process_->pid(); }

    /// One request on a connection of its own. A call about clients is an admin's, unless the
    /// fields say whose it is.
    answer request(std::string_view method, std::string_view path, std::string_view body = {},
                   std::string_view fields = {}) const;
    answer get(std::string_view path) const { return request("GET", path); }
    /// POSTs to `/events/publish/{topic}`.
    answer post(std::string_view topic, std::string_view body,
                std::string_view fields = json_type) const;
    /// Publishes one event with this `data`, and the fields of `more`, such as `"id":"a"`; returns
    /// its id. The test fails if that fails.
    std::string publish(std::string_view topic, std::string_view data,
                        std::string_view more = {}) const;
    /// True as soon as `path` answers with `text` in its body; false if `patience` ends before.
    bool shows(std::string_view path, std::string_view text) const;

private:
    bool start(std::string_view path = "/ready");

    temporary_folder data_;
    strings arguments_;
    strings environment_;
    strings wrapper_;
    std::uint16_t port_ = 0;
    std::unique_ptr<process> process_;
};

}  // namespace carillon::testing
