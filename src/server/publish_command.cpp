#include <carillon/journal/topic.hpp>

#include "base/json_text.hpp"
#include "base/utf8.hpp"
#include "server/commands.hpp"
#include "server/console.hpp"
#include "server/http_client.hpp"
#include "server/line_publisher.hpp"
#include "server/line_reader.hpp"
#include "server/service_url.hpp"
#include "server/waiting.hpp"
#include "transport/json_slices.hpp"

#include <algorithm>
#include <chrono>
#include <string>

#include <fmt/format.h>
#include <unistd.h>

namespace carillon::server {

namespace {

using std::chrono::milliseconds;

constexpr int all_published = 0;
constexpr int gave_up = 1;
constexpr int bad_arguments = 2;
constexpr int some_skipped = 3;

/// A line that is longer is not kept: servers take less, and memory has to end somewhere.
constexpr std::size_t max_line = 64u << 20;
/// How often an idle pipe is left to look for a signal.
constexpr milliseconds idle_wait{500};

void complain_of(std::string_view what) { complain(fmt::format("carillon: {}", what)); }

void add_member(std::string& json, std::string_view name, std::string_view value) {
    if (value.empty()) return;
    append_json_string(json, name);
    json += ':';
    append_json_string(json, value);
    json += ',';
}

/// `data`, which is UTF-8, as one event.
std::string event_json(const publish_arguments& a, std::string_view data) {
    std::string json = "{";
    add_member(json, "topic", a.topic);
    add_member(json, "id", a.id);
    add_member(json, "event", a.event);
    if (a.ephemeral) json += "\"ephemeral\":true,";
    json += "\"data\":";
    const bool is_json = !a.text && transport::check_json(data).has_value() &&
                         data.find('\n') == std::string_view::npos;
    if (is_json) {
        json += data;
    } else {
        append_json_string(json, data);
    }
    return json += '}';
}

/// A line that is a whole event already.
result<line_event> whole_event(const publish_arguments& a, std::string_view text) {
    if (auto valid = transport::check_json(text); !valid) return std::unexpected(valid.error());
    text.remove_prefix(text.find_first_not_of(" \t\r"));
    line_event e;
    bool names_topic = false, names_ours = false, is_empty = true;
    const auto name_topic = [&](std::string_view slice) -> result<> {
        const std::string name = transport::decode_string(slice).value_or("");
        const bool ours = name == a.topic;
        names_ours = names_ours || ours;
        e.other_topics = e.other_topics || !ours;
        const auto parsed = topic::parse(name, topic::max_size);
        if (!ours && parsed && parsed->reserved())
            return fail(errc::forbidden, fmt::format("topic `{}` is the hub's own", name));
        return {};
    };
    const auto read = transport::each_member(
        text, [&](std::string_view name, std::string_view value) -> result<> {
            is_empty = false;
            names_topic = names_topic || name == "topic" || name == "topics";
            if (name == "topic") return name_topic(value);
            if (name == "topics") {
                return transport::each_element(value, [&](std::string_view, std::string_view each) {
                    return name_topic(each);
                });
            }
            e.has_key = e.has_key || name == "idempotencyKey";
            e.alone = e.alone || name == "idempotencyKey" || name == "deliverAt";
            // Refused in the way in which a caller is who may not publish: the line has to be told
            // from that here.
            if (name == "event" &&
                transport::decode_string(value).value_or("").starts_with("carillon."))
                return fail(errc::forbidden, "names that begin with `carillon.` are the hub's own");
            return {};
        });
    if (!read) return std::unexpected(read.error());
    if (names_topic && !names_ours)
        return fail(errc::invalid_request, "it names another topic than the command");
    e.json = "{";
    if (!names_topic) add_member(e.json, "topic", a.topic);
    if (is_empty) e.json.pop_back();  // the comma
    e.json += text.substr(1);
    return e;
}

class progress {
public:
    void show(std::uint64_t lines) {
        const auto now = std::chrono::steady_clock::now();
        if (!visible_ || now - shown_ < milliseconds(200)) return;
        shown_ = now;
        const double seconds = std::chrono::duration<double>(now - started_).count();
        complain_raw(fmt::format("\r{} lines, {:.0f}/s ", lines,
                                 static_cast<double>(lines) / std::max(seconds, 0.001)));
    }

private:
    const bool visible_ = ::isatty(STDERR_FILENO) == 1;
    std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point shown_ = started_;
};

/// One run of the command.
class publishing {
public:
    publishing(const publish_arguments& a, service_url where)
        : arguments_(a), where_(std::move(where)), publisher_(options_of(a), ports()) {}

    int publish_one(std::string_view data) {
        publisher_.add({0, event_json(arguments_, as_utf8(data)), false, false});
        if (!publisher_.flush() || publisher_.counts().refused != 0) return gave_up;
        return finish(true);
    }

    int publish_lines() {
        line_reader reader(STDIN_FILENO, max_line);
        line_reader::line line;
        bool going = true;
        while (going && !interrupted()) {
            const auto got = reader.next(line, publisher_.empty() ? idle_wait : milliseconds(0));
            if (got == line_reader::outcome::end) break;
            going = got == line_reader::outcome::line ? take(line) : publisher_.flush();
            progress_.show(line.number);
        }
        // What was taken from the pipe is nobody else's any more. A second signal ends this too.
        while (going && reader.next_read(line)) going = take(line);
        unsent_ = reader.lines_left();
        return finish(going && publisher_.flush());
    }

private:
    static line_publisher_options options_of(const publish_arguments& a) {
        line_publisher_options o;
        o.retry_for = a.retry_for;
        if (a.data && !a.retry_for) o.retry_for = milliseconds(0);
        o.with_keys = !a.ephemeral;
        return o;
    }

    line_publisher_ports ports() {
        line_publisher_ports p;
        p.post = [this](const publish_request& r) { return post(r); };
        p.wait = wait_uninterrupted;
        p.report = complain_of;
        return p;
    }

    /// Where the service is shows with the first answer that is no 404.
    result<http_answer> post(const publish_request& r) {
        http_call call;
        call.method = "POST";
        call.body = r.body;
        call.headers = arguments_.headers;
        call.headers.emplace_back("Content-Type: application/json");
        if (!r.key.empty()) call.headers.emplace_back("Idempotency-Key: " + r.key);
        // The first signal lets the request under way end, so that its lines are accounted for.
        call.go_on = [] { return interrupts() < 2; };
        for (;;) {
            call.url = where_.str() + "/publish";
            auto answer = client_.perform(call);
            if (answer && answer->status / 100 == 2) where_.settle();
            if (!answer || answer->status != 404 || !where_.try_next(client_)) return answer;
        }
    }

    bool take(const line_reader::line& line) {
        if (line.too_long) return skip(line, fmt::format("it has more than {} bytes", max_line));
        if (line.text.empty()) return true;
        if (!arguments_.ndjson)
            return publisher_.add({line.number, event_json(arguments_, line.text), false, false});
        auto e = whole_event(arguments_, line.text);
        if (!e) return skip(line, e.error().detail);
        e->number = line.number;
        return publisher_.add(std::move(*e));
    }

    bool skip(const line_reader::line& line, std::string_view why) {
        ++skipped_;
        complain_of(fmt::format("line {} is skipped: {}", line.number, why));
        return true;
    }

    int finish(bool whole) {
        const publish_counts& c = publisher_.counts();
        const auto skipped = skipped_ + c.refused;
        const std::uint64_t left = publisher_.left() + unsent_;
        if (left != 0) complain_of(fmt::format("{} lines were read and not published", left));
        std::string text = fmt::format(R"({{"published":{})", c.published);
        if (skipped != 0) text += fmt::format(R"(,"skipped":{})", skipped);
        if (!c.last_id.empty()) {
            text += R"(,"id":)";
            append_json_string(text, c.last_id);
            text += fmt::format(R"(,"position":{})", c.last_position);
        }
        const bool said = say(text + "}\n");
        if (!whole || !said) return gave_up;
        return skipped != 0 ? some_skipped : all_published;
    }

    const publish_arguments& arguments_;
    http_client client_;
    service_url where_;
    line_publisher publisher_;
    progress progress_;
    std::uint64_t skipped_ = 0;
    std::uint64_t unsent_ = 0;  ///< lines that were read and not even looked at
};

int refuse(std::string_view why) {
    complain_of(why);
    return bad_arguments;
}

}  // namespace

int publish(const publish_arguments& a) {
    auto where = service_url::parse(a.url);
    if (!where) return refuse(where.error().detail);
    if (auto valid = topic::parse(a.topic, topic::max_size); !valid)
        return refuse(fmt::format("`{}`: {}", a.topic, valid.error().detail));
    if (!a.data && !a.id.empty()) return refuse("`--id` is for a single event");
    if (a.data && a.ndjson) return refuse("`--ndjson` is for lines from stdin");
    if (a.ndjson && (!a.event.empty() || a.ephemeral || a.text))
        return refuse("with `--ndjson` the lines say all that an event has");
    catch_interrupts();
    publishing run(a, std::move(*where));
    return a.data ? run.publish_one(*a.data) : run.publish_lines();
}

}  // namespace carillon::server
