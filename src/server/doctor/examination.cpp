#include "server/doctor/examination.hpp"

#include "base/random.hpp"
#include "base/time_text.hpp"
#include "http/message.hpp"
#include "server/waiting.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace carillon::server {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using clock = std::chrono::steady_clock;

constexpr milliseconds answer_limit = seconds(5);
constexpr milliseconds event_limit = seconds(3);
constexpr milliseconds head_limit = milliseconds(1500);  // of a stream, when others have come
constexpr milliseconds late = milliseconds(100);
constexpr int pings = 5;
constexpr milliseconds between_pings(200);
constexpr milliseconds between_attempts(100);
constexpr auto certificate_margin = std::chrono::days(14);
constexpr milliseconds clock_margin = seconds(30);
constexpr const char* nobodys_address = "203.0.113.7";  // RFC 5737
constexpr std::size_t name_length = 22;

std::int64_t wall_ms() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<milliseconds>(now).count();
}

long long in_ms(clock::duration d) { return std::chrono::duration_cast<milliseconds>(d).count(); }

/// True if the hub, which decodes paths, reads the end of `path` as what was sent.
bool means(std::string_view path, std::string_view sent) {
    const auto arrived = http::percent_decode(path);
    const auto wanted = http::percent_decode(sent);
    return arrived && wanted && arrived->ends_with(*wanted);
}

bool is_stream(const http_answer& a) {
    return a.status == 200 && a.header("content-type").starts_with("text/event-stream");
}

proxy_name named_in(std::string_view text) {
    if (text.contains("nginx")) return proxy_name::nginx;
    if (text.contains("Caddy")) return proxy_name::caddy;
    if (text.contains("Apache")) return proxy_name::apache;
    return proxy_name::unknown;
}

/// From what it adds to an answer, or from the page that it makes itself when it refuses one.
proxy_name proxy_of(const http_answer& a) {
    for (const char* header : {"server", "via"}) {
        const auto named = named_in(a.header(header));
        if (named != proxy_name::unknown) return named;
    }
    if (a.status < 300) return proxy_name::unknown;
    const auto named = named_in(a.body);
    if (named != proxy_name::unknown || !a.body.contains("<html><body><h1>")) return named;
    return proxy_name::haproxy;  // its pages name nobody
}

}  // namespace

examination::examination(const doctor_arguments& a, service_url where,
                         std::function<void(const finding&)> told)
    : arguments_(a),
      where_(std::move(where)),
      told_(std::move(told)),
      name_(random_token(name_length)) {}

void examination::say(std::string check, verdict is, std::string text, std::string remedy) {
    findings_.push_back({std::move(check), is, std::move(text), std::move(remedy)});
    told_(findings_.back());
}

void examination::bad(std::string check, fault f, std::string text) {
    say(std::move(check), verdict::bad, std::move(text), remedy(f, proxy_));
}

http_call examination::request(std::string path) const {
    http_call c;
    c.url = where_.str() + std::move(path);
    c.headers = arguments_.headers;
    if (!arguments_.token.empty()) c.headers.push_back("Authorization: Bearer " + arguments_.token);
    c.from = arguments_.from;
    c.silence = answer_limit;
    return c;
}

result<http_answer> examination::ask(http_call c) {
    const auto end = clock::now() + 2 * answer_limit;
    c.go_on = [end] { return clock::now() < end && !interrupted(); };
    c.on_head = [](const http_answer&) {};  // so that the certificate is read
    return client_.perform(c);
}

result<http_answer> examination::ping(std::string_view text, std::string_view below,
                                      std::vector<std::string> headers) {
    http_call c =
        request(fmt::format("/subscribe/$doctor/{}{}?ping={}", name_, below, percent_encode(text)));
    std::ranges::move(headers, std::back_inserter(c.headers));
    return ask(std::move(c));
}

std::optional<examination::arrived> examination::read(const http_answer& a) {
    if (a.status != 200) return std::nullopt;
    boost::system::error_code wrong;
    const auto parsed = boost::json::parse(a.body, wrong);
    if (wrong || !parsed.is_object()) return std::nullopt;
    arrived seen;
    const auto& members = parsed.get_object();
    const auto text = [&](const char* name, std::string& into) {
        const auto* value = members.if_contains(name);
        if (value != nullptr && value->is_string()) into = value->get_string();
    };
    const auto number = [&](const char* name, std::int64_t& into) {
        const auto* value = members.if_contains(name);
        if (value != nullptr && value->is_int64()) into = value->get_int64();
    };
    const auto flag = [&](const char* name, bool& into) {
        const auto* value = members.if_contains(name);
        if (value != nullptr && value->is_bool()) into = value->get_bool();
    };
    text("path", seen.path);
    text("host", seen.host);
    text("client", seen.client);
    text("peer", seen.peer);
    flag("forwarded", seen.forwarded);
    flag("http10", seen.http10);
    number("time", seen.time);
    number("heartbeat", seen.heartbeat);
    if (seen.path.empty() || seen.time == 0) return std::nullopt;
    return seen;
}

void examination::run() {
    if (!reach()) return;
    http_call listen = request("/subscribe/$doctor/" + name_);
    listen.headers.emplace_back("Accept: text/event-stream");
    look_at_forgery();
    look_at_paths();
    watched_stream stream(std::move(listen));
    look_at_delivery(stream);
    if (interrupted()) return;
    look_at_compression();
    look_at_origin();
    look_at_idle(stream);
    if (!interrupted()) look_at_restart(stream);
}

bool examination::reach() {
    std::int64_t before = wall_ms();
    auto got = ping("first");
    while (got && got->status == 404 && where_.try_next(client_)) {
        before = wall_ms();
        got = ping("first");
    }
    if (!got) {
        say("reach", verdict::bad, fmt::format("no answer: {}", got.error().detail));
        return false;
    }
    const std::int64_t after = wall_ms();
    proxy_ = proxy_of(*got);
    const auto seen = read(*got);
    if (!seen && got->status == 403 && problem_of(*got).detail.contains("allowed_hosts")) {
        bad("host", fault::host,
            fmt::format("{}; either the proxy changes `Host`, or the name is missing there",
                        problem_of(*got).detail));
        return false;
    }
    if (!seen && (got->status == 401 || got->status == 403)) {
        say("reach", verdict::bad, fmt::format("listening is refused: {}", explain(*got)),
            "--token with one that is valid now, or --header with what your clients send");
        return false;
    }
    if (!seen) {
        const auto problem = problem_of(*got);
        const bool hub = !problem.code.empty();
        say("reach", verdict::bad,
            hub ? fmt::format("the hub refuses: {}", explain(*got))
                : fmt::format("no Carillon answers here: {} {}", got->status,
                              got->header("content-type")),
            hub ? ""
                : "the address of the topic service, as your pages use it; the proxy must let "
                  "GET of /events/subscribe/** through");
        return false;
    }
    if (proxy_ == proxy_name::unknown) {
        if (const auto page = ask(request("/no-such-page"))) proxy_ = proxy_of(*page);
        if (proxy_ == proxy_name::unknown && !seen->forwarded) proxy_ = proxy_name::none;
    }
    where_.settle();
    heartbeat_ = milliseconds(seen->heartbeat);
    say("reach", verdict::good,
        proxy_ == proxy_name::none
            ? std::string("a hub answers, and nothing stands in front of it")
            : fmt::format("a hub answers behind {}",
                          proxy_ == proxy_name::unknown ? "a proxy" : to_string(proxy_)));
    look_at_connection(*got);
    look_at_clock(*seen, before, after);
    look_at_request(*got, *seen);
    return true;
}

void examination::look_at_connection(const http_answer& a) {
    if (a.certificate_ends) {
        const auto left = *a.certificate_ends - std::chrono::system_clock::now();
        const auto days = std::chrono::duration_cast<std::chrono::days>(left).count();
        const bool near = left < certificate_margin;
        say("certificate", near ? verdict::bad : verdict::good,
            fmt::format("the certificate ends in {} days", days),
            near ? "renew it" : std::string());
    }
    if (a.http2) return say("connections", verdict::good, "HTTP/2: a browser needs one connection");
    say("connections", verdict::note,
        "HTTP/1.1: a browser opens six connections to a host, so the seventh stream waits",
        "HTTP/2 (TLS at the proxy), or one stream for all tabs with carillon-client");
}

void examination::look_at_clock(const arrived& seen, std::int64_t before, std::int64_t after) {
    const std::int64_t apart = seen.time < before  ? before - seen.time
                               : seen.time > after ? seen.time - after
                                                   : 0;
    if (milliseconds(apart) > clock_margin) {
        return say("clock", verdict::bad,
                   fmt::format("the clocks here and at the hub are {} s apart", apart / 1000),
                   "NTP on both: tokens, tickets and `since` go by the clock");
    }
    say("clock", verdict::good, fmt::format("the clocks differ by less than {} ms", apart + 1));
}

void examination::look_at_request(const http_answer& a, const arrived& seen) {
    std::string_view authority = where_.str();
    authority.remove_prefix(authority.find("://") + 3);
    authority = authority.substr(0, authority.find('/'));
    const std::string_view bare = authority.substr(0, authority.rfind(':'));
    if (seen.host == authority || (proxy_ != proxy_name::none && seen.host == bare)) {
        say("host", verdict::good, "the hub sees the host that was asked");
    } else {
        bad("host", fault::host,
            fmt::format("`{}` was asked, the hub sees `{}`", authority, seen.host));
    }
    if (seen.http10)
        bad("protocol", fault::http10,
            "the proxy speaks HTTP/1.0 to the hub, with a connection for each request");
    if (proxy_ == proxy_name::none) return;
    if (!seen.forwarded) {
        bad("address", fault::address, "the proxy does not say which address a client has");
    } else if (seen.client == seen.peer && seen.client != a.local_address) {
        bad("address", fault::address,
            fmt::format("the hub takes every client for {}, which is the proxy", seen.peer));
    } else {
        say("address", verdict::good, fmt::format("the hub sees {} as this client", seen.client));
    }
}

void examination::look_at_forgery() {
    for (const char* header : {"X-Forwarded-For: ", "Forwarded: for="}) {
        const auto got = ping("claim", {}, {std::string(header) + nobodys_address});
        const auto seen = got ? read(*got) : std::nullopt;
        if (!seen || seen->client != nobodys_address) continue;
        return bad("claims", fault::forged,
                   fmt::format("the hub believes a client that claims to be {}", nobodys_address));
    }
    say("claims", verdict::good, "a client cannot claim another address");
}

void examination::look_at_paths() {
    for (const char* below : {"/a%2Fb", "/a//b", "/a%20b", "/a%25b", "/A.b;c"}) {
        const auto got = ping("path", below);
        const auto seen = got ? read(*got) : std::nullopt;
        if (seen && means(seen->path, below)) continue;
        return bad("paths", fault::path,
                   seen ? fmt::format("`{}` arrives at the hub as `{}`", below,
                                      seen->path.substr(seen->path.find(name_) + name_.size()))
                        : fmt::format("`{}` in a path does not reach the hub: {}", below,
                                      got ? explain(*got) : got.error().detail));
    }
    // Read in two ways, this is one path for the proxy and another for the hub.
    for (const char* up : {"/../x", "/%2e%2e/x", "/..%2fx"}) {
        const auto got = ping("path", up);
        if (!got || got->status >= 400) continue;
        return bad("paths", fault::path,
                   fmt::format("`{}` is resolved by the proxy before the hub sees it", up));
    }
    say("paths", verdict::good, "paths arrive as they were written");
}

void examination::look_at_delivery(watched_stream& stream) {
    const auto head = stream.head(clock::now() + answer_limit);
    if (!head) return bad("delivery", fault::held_back, "not even the head of a stream arrives");
    if (!is_stream(*head)) {
        return say(
            "delivery", verdict::bad,
            fmt::format("a stream is answered {} {}", head->status, head->header("content-type")));
    }
    if (!stream.opened(clock::now() + event_limit)) {
        return bad("delivery",
                   head->header("content-encoding").empty() ? fault::held_back : fault::compressed,
                   "a stream begins, but its first event does not arrive");
    }
    std::vector<clock::duration> delays;
    for (int i = 0; i < pings && !interrupted(); ++i) {
        const std::string text = fmt::format("ping {}", i);
        const auto got = ping(text);
        const auto answered = clock::now();
        if (!got || got->status != 200) {
            return say("delivery", verdict::unchecked,
                       fmt::format("no ping: {}", got ? explain(*got) : got.error().detail));
        }
        const auto at = stream.arrival(text, answered + event_limit);
        if (!at) {
            return bad(
                "delivery", fault::held_back,
                fmt::format("an event does not arrive within {}", duration_text(event_limit)));
        }
        delays.push_back(*at - answered);
        wait_uninterrupted(between_pings);
    }
    if (delays.empty()) return;
    std::ranges::sort(delays);
    const auto median = std::max(delays[delays.size() / 2], clock::duration::zero());
    if (median > late) {
        return bad("delivery", fault::delayed,
                   fmt::format("events arrive, but each {} ms late", in_ms(median)));
    }
    say("delivery", verdict::good,
        fmt::format("events arrive within {} ms of being published", in_ms(median) + 1));
}

bool examination::delivers() const {
    return std::ranges::none_of(
        findings_, [](const finding& f) { return f.check == "delivery" && f.is != verdict::good; });
}

void examination::look_at_compression() {
    if (!delivers()) return;
    // Without an opening event, as a stream that resumes may begin: its head comes by itself.
    http_call plain = request("/subscribe/$doctor/" + name_ + "?open=0");
    plain.headers.emplace_back("Accept: text/event-stream");
    http_call coded = plain;
    coded.headers.emplace_back("Accept-Encoding: gzip, deflate, br");
    watched_stream stream(std::move(coded));
    const auto coding_now = [&] {
        const auto head = stream.head(clock::now());
        return std::string(head ? head->header("content-encoding") : std::string_view{});
    };
    const auto held = [&] {
        const std::string coding = coding_now();
        bad("compression", fault::compressed,
            fmt::format("for clients that accept compression, as browsers do, events wait{}",
                        coding.empty() ? "" : " in a " + coding + " compressor"));
    };
    const bool prompt = stream.head(clock::now() + head_limit).has_value();
    if (!prompt) {
        watched_stream uncoded(std::move(plain));
        if (uncoded.head(clock::now() + head_limit)) return held();
    }
    std::size_t bytes = 0;
    for (int i = 0; i < 2; ++i) {
        wait_uninterrupted(between_pings);
        bytes = stream.bytes_beyond(bytes, clock::now());
        const auto got = ping(fmt::format("compressed {}", i));
        if (!got || got->status != 200) return;
        if (stream.bytes_beyond(bytes, clock::now() + event_limit) == bytes) return held();
    }
    const std::string coding = coding_now();
    say("compression", verdict::good,
        coding.empty()
            ? std::string("streams are not compressed")
            : fmt::format("streams are compressed with {}, and each event is flushed", coding));
    // nginx does so over HTTP/2.
    if (!prompt) {
        say("head", verdict::note,
            "the head of a stream comes with its first bytes: without an opening event, `onopen` "
            "waits for the first event or heartbeat",
            "leave the opening event on (no `open=0`)");
    }
}

void examination::look_at_origin() {
    const std::string& origin = arguments_.origin;
    if (origin.empty()) return;
    const auto got = ping("origin", {}, {"Origin: " + origin});
    if (!got) return say("origin", verdict::unchecked, got.error().detail);
    constexpr std::string_view name = "access-control-allow-origin";
    const auto count =
        std::ranges::count(got->headers, name, &std::pair<std::string, std::string>::first);
    const std::string_view allowed = got->header(name);
    if (count > 1) {
        return bad("origin", fault::cors,
                   "two Access-Control-Allow-Origin: browsers refuse that answer");
    }
    if (allowed != origin && (allowed != "*" || arguments_.credentials)) {
        return bad(
            "origin", fault::cors,
            fmt::format("pages of {} may not read streams{}", origin,
                        allowed.empty() ? std::string() : fmt::format(" (`{}` may)", allowed)));
    }
    if (arguments_.credentials && got->header("access-control-allow-credentials") != "true")
        return bad("origin", fault::cors, fmt::format("pages of {} may not send cookies", origin));
    say("origin", verdict::good, fmt::format("pages of {} may read streams", origin));
}

void examination::look_at_idle(watched_stream& stream) {
    const milliseconds idle = arguments_.idle.value_or(heartbeat_ + heartbeat_ / 5);
    if (idle.count() == 0) return;
    if (!delivers()) return;
    const auto began = clock::now();
    const std::size_t beats = stream.comments();
    std::optional<clock::time_point> end;
    for (auto now = began; !end && now < began + idle && !interrupted(); now = clock::now())
        end = stream.ended(std::min(began + idle, now + seconds(1)));
    if (interrupted()) return;
    if (end) {
        return bad(
            "idle", fault::cut_idle,
            fmt::format("a quiet stream is cut after {:.1f} s ({}); heartbeats come every {}",
                        std::chrono::duration<double>(*end - began).count(), stream.why_ended(),
                        duration_text(heartbeat_)));
    }
    if (idle > heartbeat_ + late && stream.comments() == beats)
        return bad("idle", fault::held_back, "no heartbeat arrives on a quiet stream");
    say("idle", verdict::good,
        fmt::format("a quiet stream was left alone for {}", duration_text(idle)));
}

void examination::look_at_restart(watched_stream& stream) {
    const auto end = clock::now() + arguments_.restart;
    if (arguments_.restart.count() == 0) return;
    bool away = false;
    while (clock::now() < end && !interrupted()) {
        http_call c = request("/subscribe/$doctor/" + name_);
        c.headers.emplace_back("Accept: text/event-stream");
        c.silence = arguments_.restart;
        std::optional<http_answer> head;
        bool unavailable = false;
        c.on_head = [&](const http_answer& a) { head = a; };
        c.on_body = [&](std::string_view piece) {
            unavailable = piece.contains("carillon.unavailable");
            return false;
        };
        c.go_on = [&] { return clock::now() < end && !interrupted(); };
        const auto done = client_.perform(c);
        if (!head && done) head = *done;
        if (head && !is_stream(*head)) {
            return bad("restart", fault::ends_for_good,
                       fmt::format("while the hub is away, an EventSource is answered {}: it does "
                                   "not come back after that",
                                   head->status));
        }
        away = away || !head || unavailable || stream.ended(clock::now());
        wait_uninterrupted(between_attempts);
    }
    if (!away)
        return say("restart", verdict::unchecked, "the hub did not go away meanwhile",
                   "restart it while the doctor looks on");
    say("restart", verdict::good, "while the hub was away, nothing ended an EventSource for good");
}

}  // namespace carillon::server
