#include <carillon/wire/parser.hpp>

#include "base/json_text.hpp"
#include "base/time_text.hpp"
#include "server/commands.hpp"
#include "server/console.hpp"
#include "server/http_client.hpp"
#include "server/service_url.hpp"
#include "server/silence.hpp"
#include "server/waiting.hpp"
#include "transport/json_slices.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace carillon::server {

namespace {

using std::chrono::milliseconds;

constexpr int ended_as_asked = 0;
constexpr int failed = 1;
constexpr int bad_arguments = 2;
constexpr milliseconds longest_wait{60'000};

/// Prints events, remembers the cursor and what the server says about reconnecting.
class printer final : public wire::parser_listener {
public:
    explicit printer(const subscribe_arguments& a) : arguments_(a), silence_(a.silence) {}

    void on_event(const wire::message& m) override {
        if (m.type.starts_with("carillon.")) {
            cursor_ = m.last_event_id;
            return note(m);
        }
        if (done()) return;
        broken_ = broken_ || !say(arguments_.json ? json_line(m) : text_line(m));
        if (broken_) return;  // not printed: it does not count as seen
        cursor_ = m.last_event_id;
        ++count_;
    }
    void on_retry(milliseconds wait) override { retry_ = wait; }
    void on_comment(std::string_view) override { silence_.heartbeat(steady_clock::now()); }

    /// Bytes have come.
    void alive() { silence_.byte(steady_clock::now()); }
    void connected() { silence_.connect(steady_clock::now()); }
    milliseconds silence() const noexcept { return silence_.limit(); }
    void lost() noexcept { silence_.was_cut(); }

    bool done() const noexcept {
        return broken_ || (arguments_.count != 0 && count_ >= arguments_.count);
    }
    /// Standard output cannot be written.
    bool broken() const noexcept { return broken_; }
    const std::string& cursor() const noexcept { return cursor_; }
    milliseconds retry() const noexcept { return retry_; }

private:
    using steady_clock = std::chrono::steady_clock;

    static std::string json_line(const wire::message& m) {
        std::string line = R"({"event":)";
        append_json_string(line, m.type);
        line += R"(,"id":)";
        append_json_string(line, m.last_event_id);
        line += R"(,"data":)";
        if (transport::check_json(m.data)) {
            // Its newlines stand between tokens only: a blank is as good, and keeps the line one.
            std::ranges::replace_copy(m.data, std::back_inserter(line), '\n', ' ');
        } else {
            append_json_string(line, m.data);
        }
        return line += "}\n";
    }

    static std::string text_line(const wire::message& m) {
        const std::string_view type = m.type == "message" ? std::string_view{} : m.type;
        return fmt::format("{}{}{}\n", type, type.empty() ? "" : "  ", m.data);
    }

    static void note(const wire::message& m) {
        if (m.type == "carillon.open" &&
            m.data.find(R"("resume":"fresh")") != std::string_view::npos)
            return;
        if (m.type == "carillon.cursor") return;
        complain(fmt::format("carillon: {} {}", m.type.substr(std::string_view("carillon.").size()),
                             m.data));
    }

    const subscribe_arguments& arguments_;
    silence_watch silence_;
    std::string cursor_;
    milliseconds retry_{3000};
    std::uint64_t count_ = 0;
    bool broken_ = false;
};

std::string query_of(const subscribe_arguments& a) {
    std::string query;
    const auto add = [&](std::string_view name, std::string_view value) {
        if (!value.empty())
            query += fmt::format("{}{}={}", query.empty() ? "?" : "&", name, percent_encode(value));
    };
    for (const std::string& topic : a.topics) add("topic", topic);
    add("last", a.last);
    add("since", a.since);
    add("client", a.client);
    if (a.full) add("envelope", "full");
    return query;
}

/// One run of the command: connects again and again.
class subscription {
public:
    subscription(const subscribe_arguments& a, service_url where)
        : arguments_(a), where_(std::move(where)), out_(a), cursor_(a.from) {}

    int run() {
        for (;;) {
            const auto answer = connect();
            if (out_.broken()) {
                complain("carillon: standard output cannot be written");
                return failed;
            }
            if (out_.done() || interrupted()) return ended_as_asked;
            if (!out_.cursor().empty()) cursor_ = out_.cursor();
            if (answer && answer->status == 404 && where_.try_next(client_)) continue;
            if (answer && answer->status == 204) return ended_as_asked;
            if (answer && is_final(answer->status)) {
                complain(fmt::format("carillon: {}", explain(*answer)));
                return failed;
            }
            const milliseconds wait = next_wait(answer);
            ++failures_;
            if (!wait_uninterrupted(wait)) return ended_as_asked;
        }
    }

private:
    result<http_answer> connect() {
        wire::parser stream(out_);
        http_call call;
        call.url = where_.str() + "/subscribe" + query_of(arguments_);
        call.headers = arguments_.headers;
        call.headers.emplace_back("Accept: text/event-stream");
        if (!cursor_.empty()) call.headers.emplace_back("Last-Event-ID: " + cursor_);
        call.go_on = [] { return !interrupted(); };
        call.silence = out_.silence();
        call.on_body = [&](std::string_view piece) {
            failures_ = 0;
            reached_ = true;
            where_.settle();
            const bool fed = stream.feed(piece).has_value();
            out_.alive();
            call.silence = out_.silence();
            return fed && !out_.done() && !interrupted();
        };
        out_.connected();
        auto answer = client_.perform(call);
        if (!answer && answer.error().code == errc::request_timeout) out_.lost();
        return answer;
    }

    /// What does not pass by itself. A server that was there before may be away behind its proxy,
    /// which then answers for it.
    bool is_final(long status) const noexcept {
        if (status < 300 || status == 408 || status == 425 || status == 429) return false;
        const bool about_us = status == 400 || status == 401 || status == 403;
        return status < 500 && (about_us || !reached_);
    }

    milliseconds next_wait(const result<http_answer>& answer) const {
        if (answer && answer->status == 200 && failures_ == 0) return out_.retry();
        milliseconds wait = backoff(out_.retry(), failures_, longest_wait);
        if (answer) wait = std::max(wait, answer->retry_after);
        if (!answer || answer->status != 200) {
            complain(fmt::format("carillon: {}; again in {:.1f} s",
                                 answer ? explain(*answer) : answer.error().detail,
                                 std::chrono::duration<double>(wait).count()));
        }
        return wait;
    }

    const subscribe_arguments& arguments_;
    http_client client_;
    service_url where_;
    printer out_;
    std::string cursor_;
    unsigned failures_ = 0;
    bool reached_ = false;
};

}  // namespace

int subscribe(const subscribe_arguments& a) {
    auto where = service_url::parse(a.url);
    if (!where) {
        complain(fmt::format("carillon: {}", where.error().detail));
        return bad_arguments;
    }
    catch_interrupts();
    return subscription(a, std::move(*where)).run();
}

}  // namespace carillon::server
