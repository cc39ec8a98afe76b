#include "http/http1_body.hpp"

#include "http/http1_session.hpp"
#include "http/response_writer.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <utility>
#include <vector>

#include <sys/epoll.h>

namespace carillon::http {

namespace {

// What the input of one body may take of a turn.
constexpr int max_reads_per_turn = 8;
/// For the last bytes of a body whose owner has gone.
constexpr auto last_bytes_time = std::chrono::seconds(10);
/// Bytes; while a client reads, but does not take all that is there for it.
constexpr std::size_t large_send_buffer = 256u << 10;
/// Writes in a row that were taken in part, until a client is known to read: what the kernels on
/// both sides have room for is taken of a client that reads nothing too.
constexpr unsigned partial_writes_of_a_reader = 6;

iovec slice_of(std::string_view bytes) noexcept {
    return {const_cast<char*>(bytes.data()), bytes.size()};
}

/// A stream that is more than its socket, with the calls of a plain one.
class boxed_stream {
public:
    explicit boxed_stream(std::unique_ptr<net::byte_stream> s) noexcept : stream_(std::move(s)) {}

    net::io_result read(std::span<char> room) noexcept { return stream_->read(room); }
    net::io_result write(std::span<const iovec> slices) noexcept { return stream_->write(slices); }
    void close(net::loop& l) noexcept { stream_->close(l); }
    void set_send_buffer(std::size_t bytes) noexcept { stream_->set_send_buffer(bytes); }
    bool silent_for(std::chrono::milliseconds limit) const noexcept {
        return stream_->silent_for(limit);
    }
    net::ip_address peer() const noexcept { return stream_->peer(); }
    int fd() const noexcept { return stream_->fd(); }
    std::unique_ptr<net::byte_stream> take() noexcept { return std::move(stream_); }

private:
    std::unique_ptr<net::byte_stream> stream_;
};

std::unique_ptr<net::byte_stream> whole_stream(boxed_stream s) { return s.take(); }
std::unique_ptr<net::byte_stream> whole_stream(net::plain_socket s) {
    return net::make_plain_stream(s.release());
}

/// Sends what is left of a finished body, then closes. Kept alive by its own timer.
template <class Stream>
class last_bytes final : public net::io_handler {
public:
    static void send(net::loop& l, Stream stream, std::string bytes) {
        const int fd = stream.fd();
        auto self = std::make_shared<last_bytes>(l, std::move(stream), std::move(bytes));
        l.replace(fd, *self);
        self->timer_ = l.call_after(last_bytes_time, [self] { self->end(); });
    }
    last_bytes(net::loop& l, Stream stream, std::string bytes)
        : loop_(l), stream_(std::move(stream)), bytes_(std::move(bytes)) {}
    ~last_bytes() { end(); }
    last_bytes(const last_bytes&) = delete;
    last_bytes& operator=(const last_bytes&) = delete;

    void on_io(std::uint32_t events) override {
        bool over = (events & (EPOLLERR | EPOLLHUP)) != 0;
        if (!over && (events & EPOLLOUT) != 0) {
            const iovec rest = slice_of(bytes_);
            const net::io_result sent = stream_.write({&rest, 1});
            bytes_.erase(0, sent.bytes);
            if (sent.state == net::io_state::starved) net::retry_write_later(loop_, stream_.fd());
            over = bytes_.empty() || sent.state == net::io_state::broken;
        }
        if (!over) return;
        end();
        loop_.cancel(timer_);  // which destroys this
    }

private:
    void end() noexcept {
        if (!std::exchange(ended_, true)) stream_.close(loop_);
    }

    net::loop& loop_;
    Stream stream_;
    std::string bytes_;
    net::loop::timer_id timer_ = 0;
    bool ended_ = false;
};

/// One for each stream that is open, so it is small.
template <class Stream>
class http1_body final : public response_body, public net::io_handler {
public:
    http1_body(session_context& context, Stream stream, stream_head head, std::string lines,
               body_layout layout, after_body then)
        : context_(context),
          unsent_(std::make_unique<unsent>(unsent{std::move(head), std::move(lines), {}})),
          stream_(std::move(stream)),
          layout_(layout),
          then_(then) {
        context_.loop.replace(stream_.fd(), *this);
    }
    ~http1_body() override { end(); }
    http1_body(const http1_body&) = delete;
    http1_body& operator=(const http1_body&) = delete;

    void listen(body_listener& l) noexcept override { listener_ = &l; }
    body_layout layout() const noexcept override { return layout_; }
    stream_head* head() noexcept override { return begun_ ? nullptr : &unsent_->head; }
    std::ptrdiff_t write(std::span<const iovec> slices) override;
    void finish(after_body then) override;
    bool peer_silent_for(std::chrono::milliseconds limit) const override {
        return !ended_ && stream_.silent_for(limit);
    }
    net::ip_address peer() const override { return ended_ ? net::ip_address() : stream_.peer(); }

    void on_io(std::uint32_t events) override;
    /// Its owner may not know how far it came, so that no more can be written.
    void on_failure() noexcept override;

private:
    /// Until all of it has gone out.
    struct unsent {
        stream_head head;
        std::string lines;
        std::string text;  ///< of the head, from the first write on
    };

    void begin();
    net::io_result send_after_head(std::span<const iovec> slices);
    net::io_state drop_input();
    void fit_buffer();
    void return_buffer() noexcept;
    bool may_go_on() const noexcept;
    void go_on() noexcept;
    void end() noexcept;

    session_context& context_;
    body_listener* listener_ = nullptr;
    std::unique_ptr<unsent> unsent_;
    Stream stream_;
    const body_layout layout_;
    const after_body then_;
    bool ended_ : 1 = false;
    bool begun_ : 1 = false;
    bool whole_ : 1 = true;     ///< the last write was taken whole
    bool blocked_ : 1 = false;  ///< the listener is to be told when bytes are taken again
    bool peer_ended_ : 1 = false;
    bool dropped_ : 1 = false;         ///< something that the client sent
    bool large_buffer_ : 1 = false;    ///< the socket's
    unsigned partial_writes_ : 3 = 0;  ///< since the last that was taken whole, 6 at most
};

template <class Stream>
void http1_body<Stream>::begin() {
    begun_ = true;
    append_stream_head(unsent_->text, unsent_->head, unsent_->lines, layout_, then_);
    unsent_->head = {};
    unsent_->lines.clear();
}

template <class Stream>
std::ptrdiff_t http1_body<Stream>::write(std::span<const iovec> slices) {
    if (ended_) return broken;
    if (!begun_) begin();
    std::size_t offered = 0;
    for (const iovec& slice : slices) offered += slice.iov_len;
    const net::io_result sent = unsent_ ? send_after_head(slices) : stream_.write(slices);
    if (sent.state == net::io_state::broken) return broken;
    if (sent.state == net::io_state::starved) net::retry_write_later(context_.loop, stream_.fd());
    whole_ = sent.bytes == offered;
    blocked_ = !whole_ || unsent_;
    if (whole_)
        partial_writes_ = 0;
    else if (sent.bytes > 0 && partial_writes_ < partial_writes_of_a_reader)
        ++partial_writes_;
    fit_buffer();
    return static_cast<std::ptrdiff_t>(sent.bytes);
}

/// A stream that catches up gets more than 16 KiB in a round trip; one that keeps up needs no more,
/// and one whose client has stalled holds no more. Those that are large at a time are bounded by
/// the budget of answers.
template <class Stream>
void http1_body<Stream>::fit_buffer() {
    const bool large = partial_writes_ == partial_writes_of_a_reader;
    if (large_buffer_ && whole_) {
        stream_.set_send_buffer(context_.options->limits.send_buffer);
        return return_buffer();
    }
    if (large_buffer_ || !large) return;
    byte_budget* const budget = context_.options->responses;
    if (budget != nullptr && !budget->take(large_send_buffer)) return;
    large_buffer_ = true;
    stream_.set_send_buffer(large_send_buffer);
}

template <class Stream>
void http1_body<Stream>::return_buffer() noexcept {
    if (!large_buffer_) return;
    large_buffer_ = false;
    if (byte_budget* const budget = context_.options->responses; budget != nullptr)
        budget->give_back(large_send_buffer);
}

/// The bytes told are those of `slices`.
template <class Stream>
net::io_result http1_body<Stream>::send_after_head(std::span<const iovec> slices) {
    std::string& text = unsent_->text;
    std::vector<iovec> all{slice_of(text)};
    all.insert(all.end(), slices.begin(), slices.end());
    net::io_result sent = stream_.write(all);
    const std::size_t of_head = std::min(sent.bytes, text.size());
    text.erase(0, of_head);
    if (text.empty()) unsent_.reset();
    sent.bytes -= of_head;
    return sent;
}

template <class Stream>
void http1_body<Stream>::finish(after_body then) {
    if (ended_) return;
    if (whole_) {
        const std::string_view last = layout_ == body_layout::chunked ? "0\r\n\r\n" : "";
        const iovec slice = slice_of(last);
        const auto taken = write({&slice, last.empty() ? 0U : 1U});
        std::string left = unsent_ ? std::move(unsent_->text) : std::string();
        if (taken >= 0) left += last.substr(static_cast<std::size_t>(taken));
        if (taken >= 0 && !left.empty()) {
            ended_ = true;
            return_buffer();
            return last_bytes<Stream>::send(context_.loop, std::move(stream_), std::move(left));
        }
        if (taken >= 0 && then == after_body::next_request && may_go_on()) return go_on();
    }
    end();
}

/// What was dropped may have been the next request, which nobody would answer.
template <class Stream>
bool http1_body<Stream>::may_go_on() const noexcept {
    return then_ == after_body::next_request && !dropped_ && !peer_ended_ && !context_.closing;
}

/// The connection is one for requests again.
template <class Stream>
void http1_body<Stream>::go_on() noexcept {
    ended_ = true;
    if (large_buffer_) stream_.set_send_buffer(context_.options->limits.send_buffer);
    return_buffer();
    const int fd = stream_.fd();
    try {
        http1_session::go_on(context_, whole_stream(std::move(stream_)));
    } catch (const std::bad_alloc&) {
        context_.loop.count_failed_allocation();
        context_.loop.remove(fd);  // closed already; its handler must hear no more
    }
}

template <class Stream>
void http1_body<Stream>::end() noexcept {
    if (ended_) return;
    ended_ = true;
    return_buffer();
    stream_.close(context_.loop);
}

// Each call to the listener may be the last thing that this body does.
template <class Stream>
void http1_body<Stream>::on_io(std::uint32_t events) {
    bool gone = (events & (EPOLLERR | EPOLLHUP)) != 0;
    if (!gone && (events & (EPOLLIN | EPOLLRDHUP)) != 0 && !peer_ended_) {
        const net::io_state input = drop_input();
        gone = input == net::io_state::broken;
        if (input == net::io_state::ended) {
            peer_ended_ = true;
            if ((events & EPOLLOUT) != 0) context_.loop.poke(stream_.fd(), EPOLLOUT);
            return listener_->on_peer_ended();
        }
    }
    if (!gone && (events & EPOLLOUT) != 0 && blocked_) {
        if (unsent_) gone = write({}) == broken;
        if (!gone && !unsent_) {
            blocked_ = false;
            return listener_->on_writable();
        }
    }
    if (gone) listener_->on_gone();
}

template <class Stream>
void http1_body<Stream>::on_failure() noexcept {
    end();
    try {
        listener_->on_gone();
    } catch (...) {
        // The owner learns of it by its next write.
    }
}

/// A body has nothing to read; what comes is dropped, so that the end of the connection is seen.
template <class Stream>
net::io_state http1_body<Stream>::drop_input() {
    std::array<char, 16u << 10> ignored;  // NOLINT: nobody looks at it
    for (int reads = 0; reads < max_reads_per_turn; ++reads) {
        const net::io_result got = stream_.read(ignored);
        if (got.state != net::io_state::done) return got.state;
        dropped_ = true;
    }
    context_.loop.poke(stream_.fd(), EPOLLIN);
    return net::io_state::blocked;
}

}  // namespace

std::unique_ptr<response_body> make_http1_body(session_context& context,
                                               std::unique_ptr<net::byte_stream> stream,
                                               stream_head head, std::string lines,
                                               body_layout layout, after_body then) {
    const int fd = stream->fd();
    try {
        if (net::unique_fd socket = stream->release()) {
            return std::make_unique<http1_body<net::plain_socket>>(
                context, net::plain_socket(std::move(socket)), std::move(head), std::move(lines),
                layout, then);
        }
        return std::make_unique<http1_body<boxed_stream>>(context, boxed_stream(std::move(stream)),
                                                          std::move(head), std::move(lines), layout,
                                                          then);
    } catch (...) {
        context.loop.remove(fd);  // closed already; its handler must hear no more
        throw;
    }
}

}  // namespace carillon::http
