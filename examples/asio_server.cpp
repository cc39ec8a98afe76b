// A hub inside a Boost.Asio application that keeps its own web server: Boost.Beast answers
// everything, and hands the requests for `/events` to the hub. One thread, one io_context.
#include <carillon/hub/hub.hpp>
#include <carillon/journal/open.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

/// The application's loop, as the hub sees it.
class asio_executor final : public carillon::executor {
public:
    explicit asio_executor(asio::io_context& on) : on_(on) {}
    void post(task t) override { asio::post(on_, std::move(t)); }
    void defer(task t) override { asio::post(on_, std::move(t)); }
    void call_after(clock::duration delay, task t) override {
        auto timer = std::make_shared<asio::steady_timer>(on_, delay);
        timer->async_wait([timer, t = std::move(t)](boost::system::error_code failed) {
            if (!failed) t();
        });
    }
    bool is_here() const override { return on_.get_executor().running_in_this_thread(); }
    clock::time_point now() const override { return clock::now(); }

private:
    asio::io_context& on_;
};

/// A response that has become an event stream. It keeps itself alive while something is pending.
class event_stream final : public carillon::connection,
                           public std::enable_shared_from_this<event_stream> {
public:
    event_stream(tcp::socket socket, carillon::shard& home)
        : socket_(std::move(socket)), home_(home) {
        socket_.non_blocking(true);
    }

    void start(carillon::stream_request asked) {
        asked.out = this;
        self_ = shared_from_this();  // the hub's hold: until `close`, or until the peer has gone
        const auto opened = home_.open(std::move(asked));
        if (!opened) return self_.reset();
        listener_ = *opened;
        await_end();
    }

    std::ptrdiff_t write(std::span<const iovec> slices) override {
        if (!head_.empty() && !send_head()) return 0;
        std::vector<asio::const_buffer> buffers;
        for (const iovec& s : slices) buffers.emplace_back(s.iov_base, s.iov_len);
        boost::system::error_code failed;
        const std::size_t sent = socket_.write_some(buffers, failed);
        if (failed && failed != asio::error::would_block) return broken;
        std::size_t offered = 0;
        for (const iovec& s : slices) offered += s.iov_len;
        if (sent < offered) await_room();
        return static_cast<std::ptrdiff_t>(sent);
    }
    void close(carillon::close_reason) override {
        listener_ = nullptr;
        boost::system::error_code ignored;
        socket_.close(ignored);
        self_.reset();
    }
    bool peer_silent_for(std::chrono::milliseconds) const override { return false; }
    std::string remote_address() const override {
        boost::system::error_code failed;
        const auto peer = socket_.remote_endpoint(failed);
        return failed ? std::string() : peer.address().to_string();
    }

private:
    bool send_head() {
        boost::system::error_code failed;
        head_.erase(0, socket_.write_some(asio::buffer(head_), failed));
        if (!head_.empty()) await_room();
        return head_.empty();
    }
    void await_room() {
        socket_.async_wait(tcp::socket::wait_write,
                           [self = shared_from_this()](boost::system::error_code failed) {
                               if (!failed && self->listener_)
                                   self->home_.writable(*self->listener_);
                           });
    }
    /// A browser sends nothing on its stream: what can be read is its end.
    void await_end() {
        socket_.async_wait(tcp::socket::wait_read,
                           [self = shared_from_this()](boost::system::error_code) {
                               if (!self->listener_) return;
                               self->home_.remove(*std::exchange(self->listener_, nullptr));
                               self->self_.reset();
                           });
    }

    tcp::socket socket_;
    carillon::shard& home_;
    carillon::subscriber* listener_ = nullptr;
    std::shared_ptr<event_stream> self_;
    std::string head_ =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
        "Cache-Control: no-cache, no-transform\r\nX-Accel-Buffering: no\r\nConnection: "
        "close\r\n\r\n";
};

/// The application: it has pages of its own, takes orders, and tells whoever listens.
class application {
public:
    explicit application(asio::io_context& on)
        : executor_(on),
          hub_({}, carillon::make_memory_journal({})),
          shard_(hub_.add_shard(executor_)),
          listener_(on, {asio::ip::address_v4::loopback(), 0}) {
        accept();
    }

    unsigned short port() const { return listener_.local_endpoint().port(); }
    /// Ends all streams; `done` runs when the hub has nothing to do on this loop any more.
    void close(std::function<void()> done) { hub_.close(std::move(done)); }

private:
    struct session {
        explicit session(tcp::socket s) : socket(std::move(s)) {}
        tcp::socket socket;
        boost::beast::flat_buffer buffer;
        http::request<http::string_body> request;
        http::response<http::string_body> response;
    };

    void accept() {
        listener_.async_accept([this](boost::system::error_code failed, tcp::socket socket) {
            if (failed) return;
            auto s = std::make_shared<session>(std::move(socket));
            http::async_read(s->socket, s->buffer, s->request,
                             [this, s](boost::system::error_code wrong, std::size_t) {
                                 if (!wrong) answer(s);
                             });
            accept();
        });
    }

    void answer(const std::shared_ptr<session>& s) {
        if (s->request.target() == "/events") return listen(*s);
        if (s->request.method() == http::verb::post && s->request.target() == "/orders")
            return take_order(s);
        reply(s, http::status::ok, "the application's own page\n");
    }

    void listen(session& s) {
        carillon::stream_request asked;
        asked.profile = &profile_;
        asked.topics = {carillon::topic_pattern::parse("orders/*").value()};
        asked.last_event_id = std::string(s.request["Last-Event-ID"]);
        std::make_shared<event_stream>(std::move(s.socket), shard_)->start(std::move(asked));
    }

    void take_order(const std::shared_ptr<session>& s) {
        carillon::event e;
        e.topics = {carillon::topic::parse("orders/new").value()};
        e.data = s->request.body();
        hub_.publish({std::move(e)}, [s](const auto& stored) {
            if (!stored) return reply(s, http::status::service_unavailable, stored.error().detail);
            reply(s, http::status::created, stored->front().id);
        });
    }

    static void reply(const std::shared_ptr<session>& s, http::status status, std::string text) {
        s->response.result(status);
        s->response.keep_alive(false);
        s->response.body() = std::move(text);
        s->response.prepare_payload();
        http::async_write(s->socket, s->response, [s](boost::system::error_code, std::size_t) {});
    }

    asio_executor executor_;
    const carillon::stream_profile profile_;
    carillon::hub hub_;
    carillon::shard& shard_;
    tcp::acceptor listener_;
};

/// A client that asks and reads until `text` has come.
bool client_reads(unsigned short port, const std::string& request, std::string_view text,
                  const std::function<void()>& meanwhile = {}) {
    asio::io_context on;
    tcp::socket socket(on);
    socket.connect({asio::ip::address_v4::loopback(), port});
    asio::write(socket, asio::buffer(request));
    std::string seen;
    boost::system::error_code failed;
    bool begun = false;
    while (!seen.contains(text) && !failed) {
        char piece[4096];
        seen.append(piece, socket.read_some(asio::buffer(piece), failed));
        if (meanwhile && !std::exchange(begun, true)) meanwhile();
    }
    return seen.contains(text);
}

}  // namespace

int main() {
    asio::io_context on;
    application app(on);
    bool listened = false, own_page = false;
    std::thread browser([&] {
        own_page =
            client_reads(app.port(), "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "own page");
        listened = client_reads(
            app.port(), "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n", "data: two coffees\n",
            [&] {
                client_reads(
                    app.port(),
                    "POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\n\r\n"
                    "two coffees",
                    "201");
            });
        asio::post(on, [&] { app.close([&] { on.stop(); }); });
    });
    on.run();
    browser.join();
    std::printf("own page: %d, event: %d\n", own_page, listened);
    return own_page && listened ? 0 : 1;
}
