// The measured publishers: keep-alive connections that post events and time the answers.
#pragma once

#include <carillon/base/result.hpp>

#include "bench/poller.hpp"
#include "bench/socket.hpp"
#include "bench/statistics.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::bench {

/// Confined to one thread. One request at a time per publisher. Any answer but 200 ends the run:
/// see `problem`.
class publishers final : public ready_handler {
public:
    publishers(poller& p, const target& where, bool stamp_arrivals);

    /// Connects, waiting up to two seconds for each.
    result<> open(std::size_t count);
    std::size_t size() const noexcept { return publishers_.size(); }

    bool idle(std::size_t index) const noexcept { return publishers_[index].sent_ns == 0; }
    bool all_idle() const noexcept { return waiting_ == 0; }

    /// Sends `POST /events/publish/{topic}`. The publisher must be idle. `sent_ns` is the time that
    /// the answer's latency counts from; give what the payload says.
    void post(std::size_t index, std::string_view topic, std::string_view body,
              std::uint64_t sent_ns);

    /// Called when a publisher is idle again; may post.
    void on_answer(std::function<void(std::size_t index)> f) { answer_handler_ = std::move(f); }

    void begin_turn() noexcept { reader_.synchronise(); }
    /// Answers since the beginning; never reset.
    std::uint64_t answered() const noexcept { return answer_count_; }
    latency_histogram& answers() noexcept { return answers_; }
    /// The bytes of the first answer.
    const std::string& first_answer() const noexcept { return first_answer_; }
    const std::optional<error>& problem() const noexcept { return problem_; }

private:
    struct publisher {
        net::unique_fd fd;
        std::uint64_t sent_ns = 0;  ///< 0: idle
        std::string request;
        std::size_t written = 0;
        bool wants_room = false;  ///< epoll waits for EPOLLOUT as well
        std::string answer;
    };

    void on_ready(std::uint32_t index, std::uint32_t events) override;
    void write(std::uint32_t index);
    void receive(std::uint32_t index);
    void complete(std::uint32_t index, std::uint64_t at_ns);
    void fail_with(error problem);

    poller& poller_;
    target target_;
    bool stamp_arrivals_;
    stamped_reader reader_;
    std::vector<publisher> publishers_;
    std::size_t waiting_ = 0;
    std::function<void(std::size_t)> answer_handler_;
    std::uint64_t answer_count_ = 0;
    latency_histogram answers_;
    std::string first_answer_;
    std::vector<char> buffer_;
    std::optional<error> problem_;
};

/// The size of the response that `bytes` begin with, from its Content-Length; empty: more bytes are
/// needed. Fails if the head does not end within 64 KiB or gives no length.
result<std::optional<std::size_t>> response_size(std::string_view bytes);

}  // namespace carillon::bench
