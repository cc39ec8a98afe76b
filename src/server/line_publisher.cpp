#include "server/line_publisher.hpp"

#include "base/random.hpp"
#include "base/time_text.hpp"
#include "server/waiting.hpp"
#include "transport/json_slices.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace carillon::server {

namespace {

constexpr std::chrono::milliseconds first_wait{500};
constexpr std::chrono::milliseconds longest_wait{30'000};
constexpr std::size_t key_length = 22;  // 132 random bits: two commands never have the same

/// What an answer to a publish names: one entry for each event.
struct named {
    std::size_t events = 0;
    std::string last_id;
    std::uint64_t last_position = 0;
};

result<> read_entry(named& into, std::string_view slice) {
    ++into.events;
    return transport::each_member(
        slice, [&](std::string_view name, std::string_view value) -> result<> {
            if (name == "id") into.last_id = transport::decode_string(value).value_or("");
            if (name == "position")
                into.last_position =
                    static_cast<std::uint64_t>(parse_whole_number(value).value_or(0));
            return {};
        });
}

std::optional<named> read_answer(std::string_view body) {
    named found;
    if (!transport::check_json(body)) return std::nullopt;
    const auto read = body.starts_with('[')
                          ? transport::each_element(body,
                                                    [&](std::string_view, std::string_view entry) {
                                                        return read_entry(found, entry);
                                                    })
                          : read_entry(found, body);
    if (!read) return std::nullopt;
    return found;
}

}  // namespace

line_publisher::line_publisher(line_publisher_options options, line_publisher_ports ports)
    : options_(options), ports_(std::move(ports)), key_prefix_(random_token(key_length)) {}

bool line_publisher::add(line_event e) {
    const bool has_room = batch_.size() < options_.max_batch_events &&
                          bytes_ + e.json.size() <= options_.max_batch_bytes;
    const bool fits = batch_.empty() || (has_room && !e.alone && !batch_.back().alone);
    if (!fits && !flush()) {
        batch_.push_back(std::move(e));
        return false;
    }
    bytes_ += e.json.size();
    batch_.push_back(std::move(e));
    return true;
}

bool line_publisher::flush() {
    if (!batch_.empty() && !publish(batch_)) return false;
    batch_.clear();
    bytes_ = done_ = 0;
    return true;
}

bool line_publisher::publish(std::span<const line_event> part) {
    http_answer answer;
    const auto settled = send(part, answer);
    if (!settled) return false;
    if (*settled == verdict::published) return true;
    if (part.size() == 1) return skip(part.front(), answer);
    learn_limit(answer, part);
    const std::size_t half = part.size() / 2;
    return publish(part.first(half)) && publish(part.subspan(half));
}

bool line_publisher::skip(const line_event& e, const http_answer& answer) {
    ++counts_.refused;
    ++done_;
    ports_.report(fmt::format("line {} is skipped: {}", e.number, explain(answer)));
    return true;
}

std::optional<line_publisher::verdict> line_publisher::send(std::span<const line_event> part,
                                                            http_answer& answer) {
    const publish_request request = request_of(part);
    const auto start = ports_.now();
    for (unsigned failures = 0;; ++failures) {
        auto got = ports_.post(request);
        std::string why = got ? explain(*got) : got.error().detail;
        verdict v = got ? judge(*got, part) : verdict::again;
        if (v == verdict::published && !note_published(got->body, part.size())) {
            why = "the answer is not Carillon's";
            v = reached_ ? verdict::again : verdict::hopeless;
        }
        if (v == verdict::hopeless) {
            ports_.report(why);
            return std::nullopt;
        }
        if (v != verdict::again) {
            answer = std::move(*got);
            return v;
        }
        const auto wait = std::max(backoff(first_wait, failures, longest_wait),
                                   got ? got->retry_after : std::chrono::milliseconds(0));
        if (options_.retry_for && ports_.now() + wait - start > *options_.retry_for) {
            ports_.report(why);
            return std::nullopt;
        }
        ports_.report(
            fmt::format("{}; again in {:.1f} s", why, std::chrono::duration<double>(wait).count()));
        if (!ports_.wait(wait)) return std::nullopt;
    }
}

publish_request line_publisher::request_of(std::span<const line_event> part) {
    publish_request request;
    if (part.size() == 1) {
        request.body = part.front().json;
    } else {
        for (const line_event& e : part) request.body.append(1, ',').append(e.json);
        request.body.front() = '[';
        request.body += ']';
    }
    if (options_.with_keys && !part.front().has_key)
        request.key = fmt::format("{}-{}", key_prefix_, ++requests_);
    return request;
}

line_publisher::verdict line_publisher::judge(const http_answer& answer,
                                              std::span<const line_event> part) const {
    switch (answer.status) {
        case 200:
        case 202:
            return verdict::published;
        // About what the lines hold. Nothing of an array is stored then.
        case 400:
        case 409:
        case 413:
        case 422:
            return verdict::refused;
        case 408:
        case 425:
        case 429:
            return verdict::again;
        default:
            break;
    }
    // It took the command's topic before. What else a line names may not be the caller's to publish
    // under; a batch of others would wait for ever behind it.
    if (reached_ && answer.status == 403 && problem_of(answer).code == "FORBIDDEN" &&
        std::ranges::any_of(part, &line_event::other_topics))
        return verdict::refused;
    const bool may_pass = answer.status >= 500 && answer.status != 501 && answer.status != 505;
    // Of a server that took lines before, anything else is a passing state too: a proxy without
    // its server, say.
    return may_pass || reached_ ? verdict::again : verdict::hopeless;
}

bool line_publisher::note_published(std::string_view body, std::size_t events) {
    const auto found = read_answer(body);
    if (!found || found->events != events) return false;
    reached_ = true;
    counts_.published += events;
    done_ += events;
    if (found->last_position != 0) {
        counts_.last_id = found->last_id;
        counts_.last_position = found->last_position;
    }
    return true;
}

/// A server with smaller limits than ours would make us halve each batch.
void line_publisher::learn_limit(const http_answer& answer, std::span<const line_event> part) {
    if (problem_of(answer).code != "PAYLOAD_TOO_LARGE") return;
    std::size_t bytes = 0;
    for (const line_event& e : part) bytes += e.json.size();
    options_.max_batch_events = std::min(options_.max_batch_events, part.size() / 2);
    options_.max_batch_bytes = std::min(options_.max_batch_bytes, bytes / 2);
}

}  // namespace carillon::server
