#include "base/json_text.hpp"
#include "server/commands.hpp"
#include "server/console.hpp"
#include "server/http_client.hpp"
#include "transport/json_slices.hpp"

#include <chrono>
#include <iostream>
#include <string>

#include <fmt/format.h>
#include <unistd.h>

namespace carillon::server {

namespace {

/// One event as a line of JSON.
std::string event_line(const publish_arguments& a, std::string_view data) {
    std::string line = "{";
    const auto add = [&](std::string_view name, const std::string& value) {
        if (value.empty()) return;
        line += fmt::format("\"{}\":", name);
        append_json_string(line, value);
        line += ',';
    };
    add("id", a.id);
    add("event", a.event);
    if (a.ephemeral) line += "\"ephemeral\":true,";
    line += "\"data\":";
    const bool json = !a.text && transport::check_json(data).has_value() &&
                      data.find('\n') == std::string_view::npos;
    if (json) {
        line += data;
    } else {
        append_json_string(line, data);
    }
    return line += "}\n";
}

/// The upload's bytes: the one event, or what stdin gives, line by line.
class line_source {
public:
    explicit line_source(const publish_arguments& a) : arguments_(a) {
        if (a.data) {
            pending_ = event_line(a, *a.data);
            ended_ = true;
        }
    }

    std::size_t read(char* into, std::size_t room) {
        while (pending_.empty() && !ended_) next_line();
        const std::size_t size = std::min(room, pending_.size());
        pending_.copy(into, size);
        pending_.erase(0, size);
        return size;
    }

private:
    void next_line() {
        std::string line;
        if (interrupted() || !std::getline(std::cin, line)) {
            ended_ = true;
            return;
        }
        if (line.empty()) return;
        pending_ = arguments_.ndjson ? line + "\n" : event_line(arguments_, line);
        ++count_;
        show_progress();
    }

    void show_progress() {
        const auto now = std::chrono::steady_clock::now();
        if (::isatty(STDERR_FILENO) != 1 || now - shown_ < std::chrono::milliseconds(200)) return;
        shown_ = now;
        const double seconds = std::chrono::duration<double>(now - started_).count();
        complain_raw(fmt::format("\r{} events, {:.0f}/s ", count_,
                                 static_cast<double>(count_) / std::max(seconds, 0.001)));
    }

    const publish_arguments& arguments_;
    std::string pending_;
    bool ended_ = false;
    std::uint64_t count_ = 0;
    std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point shown_ = started_;
};

}  // namespace

int publish(const publish_arguments& a) {
    catch_interrupts();
    line_source source(a);
    http_call call;
    call.url = a.url + "/events/publish/" + percent_encode(a.topic, "/:");
    call.method = "POST";
    call.headers = a.headers;
    call.headers.emplace_back("Content-Type: application/x-ndjson");
    call.headers.emplace_back("Expect:");
    call.upload = [&](char* into, std::size_t room) { return source.read(into, room); };
    const auto answer = perform(call);
    if (!answer) {
        complain("carillon: " + answer.error().detail);
        return 1;
    }
    if (answer->status != 200) {
        complain("carillon: " + explain(*answer));
        return 1;
    }
    say(fmt::format("{}\n", answer->body));
    return 0;
}

}  // namespace carillon::server
