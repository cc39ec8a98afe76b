#include <carillon/wire/parser.hpp>

#include "base/json_text.hpp"
#include "base/random.hpp"
#include "base/time_text.hpp"
#include "server/commands.hpp"
#include "server/console.hpp"
#include "server/http_client.hpp"
#include "transport/json_slices.hpp"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

namespace carillon::server {

namespace {

using std::chrono::milliseconds;

/// Prints events, remembers the cursor and what the server says about reconnecting.
class printer final : public wire::parser_listener {
public:
    explicit printer(const subscribe_arguments& a) : arguments_(a) {}

    void on_event(const wire::message& m) override {
        cursor_ = m.last_event_id;
        if (m.type.starts_with("carillon.")) return note(m);
        if (done()) return;
        ++count_;
        if (arguments_.json) {
            std::string line = R"({"event":)";
            append_json_string(line, m.type);
            line += R"(,"id":)";
            append_json_string(line, m.last_event_id);
            line += R"(,"data":)";
            if (transport::check_json(m.data)) {
                // Its newlines stand between tokens only: a blank is as good, and keeps the line
                // one.
                std::ranges::replace_copy(m.data, std::back_inserter(line), '\n', ' ');
            } else {
                append_json_string(line, m.data);
            }
            say(fmt::format("{}}}\n", line));
        } else {
            const std::string_view type = m.type == "message" ? std::string_view{} : m.type;
            say(fmt::format("{}{}{}\n", type, type.empty() ? "" : "  ", m.data));
        }
        std::fflush(stdout);
    }
    void on_retry(milliseconds wait) override { retry_ = wait; }

    bool done() const noexcept { return arguments_.count != 0 && count_ >= arguments_.count; }
    const std::string& cursor() const noexcept { return cursor_; }
    milliseconds retry() const noexcept { return retry_; }

private:
    static void note(const wire::message& m) {
        if (m.type == "carillon.open" &&
            m.data.find(R"("resume":"fresh")") != std::string_view::npos)
            return;
        if (m.type == "carillon.cursor") return;
        complain(fmt::format("carillon: {} {}", m.type.substr(std::string_view("carillon.").size()),
                             m.data));
    }

    const subscribe_arguments& arguments_;
    std::string cursor_;
    milliseconds retry_{3000};
    std::uint64_t count_ = 0;
};

std::string target(const subscribe_arguments& a) {
    std::string url = a.url + "/events/subscribe?";
    for (const std::string& topic : a.topics) url += "topic=" + percent_encode(topic) + "&";
    if (!a.last.empty()) url += "last=" + percent_encode(a.last) + "&";
    if (!a.since.empty()) url += "since=" + percent_encode(a.since) + "&";
    if (!a.client.empty()) url += "client=" + percent_encode(a.client) + "&";
    if (a.full) url += "envelope=full&";
    url.pop_back();
    return url;
}

/// False if the wait was interrupted.
bool wait_for(milliseconds time) {
    const auto until = std::chrono::steady_clock::now() + time;
    while (!interrupted() && std::chrono::steady_clock::now() < until)
        std::this_thread::sleep_for(milliseconds(50));
    return !interrupted();
}

/// Doubles from `base` up to a minute, with a random half.
milliseconds backoff(milliseconds base, unsigned failures) {
    const std::int64_t full = std::min<std::int64_t>(
        std::max<std::int64_t>(base.count(), 100) << std::min(failures, 10u), 60'000);
    return spread_beyond(milliseconds(full / 2));
}

}  // namespace

int subscribe(const subscribe_arguments& a) {
    catch_interrupts();
    printer out(a);
    std::string cursor = a.from;
    unsigned failures = 0;
    for (;;) {
        wire::parser stream(out);
        http_call call;
        call.url = target(a);
        call.headers = a.headers;
        call.headers.emplace_back("Accept: text/event-stream");
        if (!cursor.empty()) call.headers.emplace_back("Last-Event-ID: " + cursor);
        call.on_body = [&](std::string_view piece) {
            failures = 0;
            return stream.feed(piece).has_value() && !out.done() && !interrupted();
        };
        const auto answer = perform(call);
        if (out.done() || interrupted()) return 0;
        if (!out.cursor().empty()) cursor = out.cursor();
        milliseconds wait = backoff(out.retry(), failures);
        if (!answer) {
            complain(fmt::format("carillon: {}; again in {:.1f} s", answer.error().detail,
                                 static_cast<double>(wait.count()) / 1000));
        } else if (answer->status == 204) {
            return 0;
        } else if (answer->status >= 400 && answer->status != 429 && answer->status < 500) {
            complain("carillon: " + explain(*answer));
            return 1;
        } else if (answer->status != 200) {
            const auto seconds = parse_whole_number(answer->retry_after).value_or(0);
            wait = std::max<milliseconds>(
                wait, std::chrono::seconds(std::min<std::int64_t>(seconds, 300)));
            complain(fmt::format("carillon: {}; again in {:.1f} s", explain(*answer),
                                 static_cast<double>(wait.count()) / 1000));
        } else if (failures == 0) {
            wait = out.retry();
        }
        ++failures;
        if (!wait_for(wait)) return 0;
    }
}

}  // namespace carillon::server
