// Newline-delimited JSON: a long upload that is published as it arrives.
#include "transport/publish_body.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace carillon::transport {

namespace {

constexpr std::size_t batch_events = 256;
// Reading stops while this much waits for the journal: its pace is the publisher's.
constexpr std::size_t max_waiting = 4;

/// What the callbacks of the journal and the connection share; the upload may end before the last
/// answer.
class line_state : public std::enable_shared_from_this<line_state> {
public:
    line_state(hub& h, line_publisher who, http::responder answer, http::upload_control control)
        : hub_(h),
          who_(std::move(who)),
          answer_(std::move(answer)),
          control_(std::move(control)),
          loop_(answer_.loop()),
          max_line_(std::size_t{2} * h.options()->max_event_size + (64u << 10)),
          max_batch_(std::min(batch_events, h.options()->max_batch)) {}

    http::upload::flow data(std::string_view bytes) {
        while (!bytes.empty() && !failure_) {
            const std::size_t end = bytes.find('\n');
            partial_.append(bytes.substr(0, end));
            if (partial_.size() > max_line_) {
                set_failure({errc::event_too_large, fmt::format("line {}: too long", line_ + 1)});
                break;
            }
            if (end == std::string_view::npos) break;
            bytes.remove_prefix(end + 1);
            take_line();
        }
        flush();
        finish_if_done();
        paused_ = waiting_ >= max_waiting && !failure_;
        return paused_ ? http::upload::flow::pause : http::upload::flow::more;
    }

    std::size_t held() const noexcept { return partial_.capacity(); }

    /// What is complete is published, and the answer says how much that is.
    void cut(const error& why) {
        partial_.clear();
        set_failure(why);
        flush();
        finish_if_done();
    }

    void end() {
        ended_ = true;
        if (!failure_) take_line();
        flush();
        finish_if_done();
    }

private:
    void take_line() {
        ++line_;
        std::string text = std::exchange(partial_, {});
        if (text.find_first_not_of(" \t\r") == std::string::npos) return;
        auto parsed = parse_event(text, who_.path_topic, *hub_.options());
        if (!parsed) {
            return set_failure(
                {parsed.error().code, fmt::format("line {}: {}", line_, parsed.error().detail)});
        }
        if (parsed->deliver_at) {
            return set_failure({errc::invalid_request,
                                fmt::format("line {}: lines are published as they come; send "
                                            "events with `deliverAt` one by one",
                                            line_)});
        }
        if (const auto may = who_.may(parsed->content); !may) {
            return set_failure(
                {may.error().code, fmt::format("line {}: {}", line_, may.error().detail)});
        }
        // One that the hub refuses takes no other of its batch along.
        if (const auto fits = hub_.check(parsed->content); !fits) {
            return set_failure(
                {fits.error().code, fmt::format("line {}: {}", line_, fits.error().detail)});
        }
        auto& key = parsed->idempotency_key;
        // Events that can be repeated one by one are published one by one.
        if (!key.empty()) flush();
        if (batch_.empty()) first_line_ = line_;
        batch_.push_back(std::move(parsed->content));
        if (!key.empty()) {
            const auto& topic = who_.path_topic;
            flush(keyed(who_.key_space + key, topic ? std::string_view(topic->str()) : "", text));
        } else if (batch_.size() >= max_batch_) {
            flush();
        }
    }

    /// Of a batch.
    struct range {
        std::uint64_t from, to;
    };

    void set_failure(error why) {
        if (!failure_) failure_ = std::move(why);
    }

    void flush(std::optional<idempotency_key> key = std::nullopt) {
        if (batch_.empty()) return;
        ++waiting_;
        auto done = [self = shared_from_this(),
                     lines = range{first_line_, line_}](result<std::vector<published>> stored) {
            if (self->loop_.in_loop_thread()) return self->stored(lines, std::move(stored));
            self->loop_.post([self, lines, stored = std::move(stored)]() mutable {
                self->stored(lines, std::move(stored));
            });
        };
        hub_.publish(std::exchange(batch_, {}), std::move(key), std::move(done));
    }

    void stored(range lines, result<std::vector<published>> answers) {
        --waiting_;
        if (answers) {
            published_ += answers->size();
            if (!answers->empty()) last_ = answers->back();
            stored_upto_ = std::max(stored_upto_, lines.to);
        } else {
            if (unstored_.empty()) refusal_ = answers.error();
            unstored_.push_back(lines);
            set_failure(answers.error());
        }
        if (std::exchange(paused_, false)) control_.resume();
        finish_if_done();
    }

    // Several batches are under way at once, and one that is refused may stand before one that is
    // stored: whoever sends again what is named sends nothing twice.
    std::string unstored_lines() {
        std::ranges::sort(unstored_, {}, &range::from);
        std::string all = "lines ";
        for (const range& r : unstored_) {
            if (r.from != unstored_.front().from) all += ", ";
            if (r.from > stored_upto_) return all + fmt::format("{} and after", r.from);
            all +=
                r.from == r.to ? fmt::format("{}", r.from) : fmt::format("{} to {}", r.from, r.to);
        }
        if (!ended_) all += fmt::format(", and those after {}", stored_upto_);
        return all;
    }

    void finish_if_done() {
        if (answered_ || waiting_ != 0 || !(ended_ || failure_)) return;
        answered_ = true;
        if (!unstored_.empty())
            failure_ =
                error{refusal_.code, fmt::format("{}: {}", unstored_lines(), refusal_.detail)};
        if (failure_) {
            failure_->detail += fmt::format(" ({} events were published before)", published_);
            return answer_.send(*failure_);
        }
        std::string text = fmt::format(R"({{"published":{})", published_);
        if (last_.pos.value != 0)
            text += fmt::format(R"(,"id":"{}","position":{})", last_.id, last_.pos.value);
        answer_.send(http::json_response(200, text + "}"));
    }

    hub& hub_;
    const line_publisher who_;
    http::responder answer_;
    http::upload_control control_;
    net::loop& loop_;
    const std::size_t max_line_;
    const std::size_t max_batch_;
    std::string partial_;
    std::vector<event> batch_;
    std::uint64_t line_ = 0;
    std::uint64_t first_line_ = 0;
    std::uint64_t published_ = 0;
    std::uint64_t stored_upto_ = 0;  ///< line
    std::vector<range> unstored_;
    error refusal_;  ///< of the first of these to be answered
    std::size_t waiting_ = 0;
    published last_;
    std::optional<error> failure_;
    bool paused_ = false;
    bool ended_ = false;
    bool answered_ = false;
};

class line_upload final : public http::upload {
public:
    explicit line_upload(std::shared_ptr<line_state> state) : state_(std::move(state)) {}
    flow on_data(std::string_view bytes) override { return state_->data(bytes); }
    void on_end() override { state_->end(); }
    std::size_t held() const noexcept override { return state_->held(); }
    bool on_cut(const error& why) override {
        state_->cut(why);
        return true;
    }

private:
    std::shared_ptr<line_state> state_;
};

}  // namespace

std::unique_ptr<http::upload> make_line_upload(hub& h, line_publisher who, http::responder answer,
                                               http::upload_control control) {
    return std::make_unique<line_upload>(
        std::make_shared<line_state>(h, std::move(who), std::move(answer), std::move(control)));
}

}  // namespace carillon::transport
