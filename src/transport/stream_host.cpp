#include "transport/stream_host.hpp"

#include "base/random.hpp"
#include "base/time_text.hpp"
#include "http/accept_encoding.hpp"
#include "http/problem.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace carillon::transport {

namespace {

/// What keeps caches and proxies from holding an event stream back or changing it.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> stream_headers{
    {{"Content-Type", "text/event-stream"},
     {"Cache-Control", "no-cache, no-transform"},
     {"X-Accel-Buffering", "no"}}};

http::response stream_response() {
    http::response r;
    for (const auto& [name, value] : stream_headers) r.headers.emplace_back(name, value);
    return r;
}

/// What is said of a stream's coding. Nothing if it could have had none.
std::vector<http::header> coding_headers(std::optional<content_coding> coding) {
    std::vector<http::header> headers;
    if (!coding) return headers;
    headers.emplace_back("Vary", "Accept-Encoding");
    if (*coding != content_coding::identity)
        headers.emplace_back("Content-Encoding", to_string(*coding));
    return headers;
}

constexpr std::string_view sdk_header = "Carillon-Sdk";

/// Tells an EventSource when to come back.
std::string come_back_in(std::chrono::milliseconds base, errc why) {
    return fmt::format("retry: {}\nevent: carillon.unavailable\ndata: {{\"code\":\"{}\"}}\n\n",
                       spread_beyond(base).count(), to_string(why));
}

/// True for what a browser's EventSource sends: it names the type, where curl and others send
/// `*/*`.
bool is_event_source(const http::request& r) {
    return r.header_value("Accept").value_or("").find("text/event-stream") !=
               std::string_view::npos &&
           !r.header_value(sdk_header);
}

}  // namespace

result<std::chrono::system_clock::time_point> parse_since(
    std::string_view text, std::chrono::system_clock::time_point now) {
    if (text == "earliest") return std::chrono::system_clock::time_point{};
    if (const auto ago = parse_duration(text)) return now - *ago;
    if (const auto seconds = parse_whole_number(text)) return time_of_seconds(*seconds);
    if (const auto time = parse_time(text)) return *time;
    return fail(
        errc::invalid_request,
        "`since` is a duration such as `10m`, an RFC 3339 time, seconds since 1970 or `earliest`");
}

std::string cursor_of(const http::request& r) {
    if (const auto header = r.header_value("Last-Event-ID"); header && !header->empty())
        return std::string(*header);
    for (const char* name : {"last_event_id", "lastEventId", "lastEventID", "evs_last_event_id"}) {
        if (auto value = r.query_value(name); value && !value->empty()) return std::move(*value);
    }
    return {};
}

result<rewind> rewind_of(const http::request& r) {
    if (const auto last = r.query_value("last")) {
        const auto count = parse_whole_number(*last);
        if (!count) return fail(errc::invalid_request, "`last` is a number of events");
        return rewind_last{static_cast<std::uint64_t>(*count)};
    }
    if (const auto since = r.query_value("since")) {
        const auto time = parse_since(*since, std::chrono::system_clock::now());
        if (!time) return std::unexpected(time.error());
        return rewind_since{*time};
    }
    return rewind{};
}

result<gap_policy> gap_policy_of(const http::request& r) {
    const auto name = r.query_value("on_gap");
    if (!name || *name == "replay") return gap_policy::replay;
    if (*name == "live") return gap_policy::live;
    if (*name == "close") return gap_policy::close;
    return fail(errc::invalid_request, "`on_gap` is `replay`, `live` or `close`");
}

result<event_filter> filter_of(const http::request& r) {
    constexpr std::string_view prefix = "where.";
    const auto fits = [](std::string_view word) {
        return !word.empty() && word.size() <= max_attribute_length;
    };
    event_filter filter;
    for (auto& [name, value] : r.query_pairs()) {
        if (name == "events") {
            for (auto rest = std::string_view(value);;) {
                const std::size_t comma = rest.find(',');
                filter.names.emplace_back(rest.substr(0, comma));
                if (comma == rest.npos) break;
                rest.remove_prefix(comma + 1);
            }
        } else if (name.starts_with(prefix)) {
            filter.metadata.push_back({name.substr(prefix.size()), std::move(value)});
        }
    }
    const bool fine = std::ranges::all_of(filter.names, fits) &&
                      std::ranges::all_of(filter.metadata, [&](const attribute& a) {
                          return fits(a.name) && fits(a.value);
                      });
    if (!fine) {
        return fail(
            errc::invalid_request,
            fmt::format("`events` and `where.` take words of 1 to {} bytes", max_attribute_length));
    }
    if (filter.names.size() + filter.metadata.size() > max_filter_words) {
        return fail(errc::invalid_request,
                    fmt::format("a filter has at most {} words", max_filter_words));
    }
    return filter;
}

stream_host::stream_host(hub& h, stream_limits limits)
    : hub_(h), limits_(std::make_shared<const stream_limits>(limits)) {}

void stream_host::add_loop(net::loop& l, shard& s) { shards_.emplace_back(&l, &s); }

void stream_host::reload(stream_limits limits) {
    limits_.store(std::make_shared<const stream_limits>(limits));
}

shard& stream_host::shard_of(const net::loop& l) const {
    return *std::ranges::find(shards_, &l, [](const auto& entry) { return entry.first; })->second;
}

/// Topics of the hub's own go by what holds without a row.
bool stream_host::may_compress(const std::vector<topic_pattern>& topics) const {
    const auto options = hub_.options();
    if (!options->options_of) return topic_options{}.compress_from != no_compression;
    const auto compressed = [&](std::string_view topic) {
        return options->options_of(topic).compress_from != no_compression;
    };
    if (topics.empty()) return compressed("");
    return std::ranges::any_of(topics, [&](const topic_pattern& t) { return compressed(t.str()); });
}

void stream_host::note_refusal(const http::request& r, const error& why) const {
    auto& counter = why.code == errc::max_clients    ? refusals_.full
                    : why.code == errc::rate_limited ? refusals_.address
                                                     : refusals_.draining;
    counter.fetch_add(1, std::memory_order_relaxed);
    const auto held_back = refusal_lines_.pass();
    if (!held_back) return;
    log::info("stream refused", {{"reason", to_string(why.code)},
                                 {"address", r.client.str()},
                                 {"not_logged_before", *held_back}});
}

// Only 200 keeps an EventSource alive (WHATWG HTML, section 9.2.3): any other status would close it
// for good. So it is told to come back later, and everyone else gets the plain truth.
void stream_host::refuse(const http::request& r, http::responder answer, const error& why) const {
    const bool passing = why.code == errc::unavailable || why.code == errc::max_clients ||
                         why.code == errc::rate_limited;
    if (!passing) return answer.send(why);
    note_refusal(r, why);
    const auto base =
        hub_.draining() ? hub_.options()->expected_downtime : limits_.load()->overload_retry;
    if (is_event_source(r)) {
        http::response told = stream_response();
        told.body = come_back_in(base, why.code);
        told.close = true;
        return answer.send(std::move(told));
    }
    constexpr int come_back = 503;
    answer.send(http::problem_as(come_back, why, base));
}

void stream_host::open(http::request& r, http::responder answer, stream_request asked) {
    if (!http::accepts(r.header_value("Accept"), "text", "event-stream")) {
        return answer.send(error{errc::not_acceptable, "this resource is a `text/event-stream`"});
    }
    const auto from = rewind_of(r);
    if (!from) return answer.send(from.error());
    if (!std::holds_alternative<std::monostate>(*from)) asked.from = *from;
    if (asked.last_event_id.empty()) asked.last_event_id = cursor_of(r);
    if (auto client = r.query_value("client")) asked.client = std::move(*client);
    const auto on_gap = gap_policy_of(r);
    if (!on_gap) return answer.send(on_gap.error());
    asked.on_gap = *on_gap;
    asked.opening_event = r.query_value("open") != "0";
    if (r.query_value("heartbeat") == "event") asked.heartbeat_event = true;

    shard& home = shard_of(answer.loop());
    if (auto admitted = home.admits(asked); !admitted)
        return refuse(r, std::move(answer), admitted.error());
    auto place = addresses_.take(r.client, limits_.load()->max_clients_per_address);
    if (!place) {
        return refuse(
            r, std::move(answer),
            {errc::rate_limited,
             "this address has as many streams as it may (`stream.max_clients_per_address`)"});
    }
    std::optional<content_coding> coding;
    const auto limits = limits_.load();
    if (!limits->codings.empty() && may_compress(asked.topics)) {
        coding = http::preferred_coding(r.header_value("Accept-Encoding"), limits->codings);
        asked.coding = *coding;
    }
    http::response told = stream_response();
    for (http::header& h : coding_headers(coding)) told.headers.push_back(std::move(h));
    if (r.head) {
        told.of_stream = true;
        return answer.send(std::move(told));
    }
    auto body = answer.begin_stream({told.status, std::move(told.headers)});
    if (!body) return;
    if (log::enabled(log::level::debug)) {
        log::debug(
            "stream asked for",
            {{"address", r.client.str()}, {"path", r.path}, {"cursor", asked.last_event_id}});
    }
    event_stream* stream = event_stream::start(std::move(body), home, std::move(*place));
    const auto lease = asked.who ? asked.who->lease : nullptr;
    result<subscriber*> opened = nullptr;
    try {
        if (watcher_ != nullptr) stream->watch(*watcher_);
        asked.out = stream;
        opened = home.open(std::move(asked));
        // Another shard took the last place meanwhile, or memory is short.
        if (!opened) {
            note_refusal(r, opened.error());
            const auto last = come_back_in(limits_.load()->overload_retry, opened.error().code);
            return stream->refuse(last);
        }
    } catch (...) {
        stream->give_up();
        throw;
    }
    if (lease) lease->begun();
    stream->attach(*opened);
}

}  // namespace carillon::transport
