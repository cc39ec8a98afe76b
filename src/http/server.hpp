// HTTP/1.1 on the sockets of one loop: connections, routing, the checks that protect a local
// server.
#pragma once

#include <carillon/coding/content_coding.hpp>

#include "http/byte_budget.hpp"
#include "http/message.hpp"
#include "http/response_body.hpp"
#include "net/listener.hpp"
#include "net/loop.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::http {

struct limits {
    std::size_t max_target_size = 8u << 10;  ///< bytes of the request target; beyond: 414
    std::size_t max_head_size = 32u << 10;   ///< bytes of the request head; beyond: 431
    std::size_t max_body_size = 8u << 20;    ///< bytes of a buffered body; beyond: 413
    std::chrono::milliseconds head_timeout =
        std::chrono::seconds(10);  ///< first byte to end of head; then 408
    std::chrono::milliseconds body_timeout =
        std::chrono::seconds(30);  ///< without progress of the body; then 408
    std::chrono::milliseconds idle_timeout =
        std::chrono::seconds(75);  ///< between requests, and before the first
    std::chrono::milliseconds write_timeout =
        std::chrono::seconds(30);  ///< a response that the peer does not take
    /// Bytes a second that a buffered body brings at least, averaged over `body_timeout`; else 408.
    std::size_t min_body_rate = 500;
    std::size_t send_buffer = 16u << 10;  ///< bytes; of connections that have no large answer
};

/// What protects a server on a developer's machine or behind a proxy. Names and origins are lower
/// case.
struct access_rules {
    std::vector<std::string>
        allowed_hosts;  ///< names without port; "*" admits all; "*.example.com" one DNS label
    /// Addresses that a `Host` may be, such as those that probes and scrapers use.
    std::vector<net::ip_network> allowed_networks;
    std::vector<std::string>
        cors_origins;  ///< exact origins, "https://*.example.com" (`*`: one label), or "*"
    bool cors_credentials = false;
    std::vector<net::ip_network>
        trusted_proxies;  ///< whose Forwarded / X-Forwarded-For is believed
};

/// Whole answers; event streams have rules of their own.
struct compression_rules {
    std::vector<content_coding> codings = {};  ///< the favourite first
    std::size_t min_size = ~std::size_t{0};    ///< bytes; a smaller body is sent as it is
    /// Headers that say who asks: answers to requests that bear one are sent as they are.
    std::vector<std::string> credentials = {"Authorization", "Cookie", "Proxy-Authorization"};
};

struct server_options {
    http::limits limits;
    access_rules access;
    compression_rules compression = {};
    /// What requests that are being read hold, and what answers do that clients have not taken, of
    /// all servers together; null: no limit. They outlive the servers.
    byte_budget* requests = nullptr;
    byte_budget* responses = nullptr;
};

class exchange;

/// What a handler got to answer with. Movable; may be kept and used later, on the loop's thread
/// only. If it is destroyed unused, the client gets a 500. Calls after the client has gone do
/// nothing.
class responder {
public:
    responder(std::weak_ptr<exchange> e, net::loop& l) noexcept
        : exchange_(std::move(e)), loop_(&l) {}
    responder(responder&&) noexcept = default;
    responder& operator=(responder&& other) noexcept;  ///< what it held is answered with a 500
    ~responder();

    void send(response r);
    void send(const error& e) { send(problem(e)); }

    /// Answers with a body that is written piece by piece. Everything that the connection needed
    /// for parsing is freed if the protocol has no further use for it. Null if the client has gone.
    std::unique_ptr<response_body> begin_stream(stream_head head);

    net::loop& loop() const noexcept { return *loop_; }
    /// Also after the answer.
    bool client_gone() const noexcept { return exchange_.expired(); }

private:
    friend class exchange;
    void answer_unused() noexcept;

    std::weak_ptr<exchange> exchange_;  // sessions own exchanges; an answer may come after the end
    net::loop* loop_;
};

/// A body that is read as it arrives. An answer before `on_end` ends it: it is called no more, and
/// the connection closes when the client has had a moment to read the answer. Destroyed after the
/// answer or when the client has gone, never inside one of its own calls.
class upload {
public:
    enum class flow : std::uint8_t { more, pause };
    virtual ~upload() = default;
    /// `pause` stops reading until `resume()` of the `upload_control`.
    virtual flow on_data(std::string_view bytes) = 0;
    /// The body is complete. The responder was given when the upload began.
    virtual void on_end() = 0;
    /// No more of the body comes: it broke off, took too long, or the server ends. Nothing else is
    /// called afterwards. True: the upload answers, now or soon, and can say how far it came;
    /// false: it is answered with `why`.
    virtual bool on_cut(const error& why) {
        (void)why;
        return false;
    }
    /// Bytes of the body that it keeps for now; asked after `on_data`.
    virtual std::size_t held() const noexcept { return 0; }
};

/// Lets a paused upload go on. Own thread; does nothing if the client has gone.
class upload_control {
public:
    explicit upload_control(std::weak_ptr<exchange> e) noexcept : exchange_(std::move(e)) {}
    void resume();

private:
    std::weak_ptr<exchange> exchange_;
};

/// The request may be taken apart, and ends when the handler returns.
using handler = std::function<void(request&, responder)>;
/// Called when the head of a request with a body is complete. Returns null, leaving the responder
/// untouched, to have the body buffered and the handler called; otherwise the upload has taken the
/// responder.
using upload_handler = std::function<std::unique_ptr<upload>(request&, responder&, upload_control)>;

/// What a route asks of its requests by their head alone, before a handler sees them.
struct route_rules {
    bool needs_body = false;  ///< a request that announces none: 411
    /// Of a body: types in lower case, such as "application/json" and "application/*+json"; another
    /// one: 415. Empty: any.
    std::vector<std::string_view> media_types{};
    bool any_host = false;  ///< answers whatever `Host` says: probes ask by address
    bool any_page = false;  ///< GET answers pages and links of other sites, also with "/" behind
    bool personal =
        false;  ///< its answers hang on who asks: no cache keeps them, no page frames them
};

/// Routes by method and path. Immutable while servers use it; shared by all loops.
/// A pattern's segments are literal or `{name}` (one segment); `{name...}` at the end takes the
/// rest, one segment or more, with its empty segments. Values are percent-decoded once, after the
/// path was split, so "%2F" stays data. Literal segments win over `{name}`, and that over
/// `{name...}`, among the patterns that have the method. Unknown path: 404; known path with another
/// method: 405 with `Allow`; OPTIONS is answered for every path.
class router {
public:
    router();
    ~router();
    void add(std::string_view method, std::string_view pattern, handler h, upload_handler u = {},
             route_rules rules = {});

    struct match {
        const handler* on_request = nullptr;
        const upload_handler* on_upload = nullptr;
        const route_rules* rules = nullptr;
        std::vector<std::string> values;
        std::string allow;  ///< methods of the path, for `Allow`; empty: unknown path
    };
    /// HEAD finds GET's handler.
    match find(std::string_view method, std::string_view path) const;

private:
    struct node;
    std::unique_ptr<node> root_;
};

/// Counters of one server; read by others with relaxed loads, written by the own thread only.
struct server_counters {
    std::atomic<std::uint64_t> accepted{0};
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> responses_2xx{0};  ///< all below 400, streams included
    std::atomic<std::uint64_t> responses_4xx{0};
    std::atomic<std::uint64_t> responses_5xx{0};
    std::atomic<std::uint64_t> open{0};  ///< connections that speak HTTP now (streams have left)
};

/// One loop's HTTP connections. Confined to the loop's thread, but for construction and the
/// counters.
class server {
public:
    server(net::loop& l, const router& routes, std::shared_ptr<const server_options> options);
    ~server();

    /// Accepts on `fd` (a listening socket that outlives the server) until `stop_accepting`.
    result<> accept_on(int fd);
    void stop_accepting();
    /// Takes a connected socket, such as one accepted by another loop.
    void adopt(net::unique_fd fd);
    /// New options for requests that begin from now on.
    void reload(std::shared_ptr<const server_options> options);
    /// Closes idle connections, and the others after the response they are waiting for; new ones
    /// after their first.
    void close_when_idle();

    const server_counters& counters() const noexcept { return counters_; }

private:
    struct impl;
    std::unique_ptr<impl> impl_;
    server_counters counters_;
};

}  // namespace carillon::http
