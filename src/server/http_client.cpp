#include "server/http_client.hpp"

#include "base/time_text.hpp"
#include "http/text.hpp"
#include "transport/json_slices.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>

#include <curl/curl.h>
#include <fmt/format.h>

namespace carillon::server {

namespace {

using std::chrono::steady_clock;

constexpr std::size_t max_answer = 1u << 20;
constexpr long connect_timeout_s = 10;
/// TCP's own question whether the peer is still there, for paths that die without a word.
constexpr long keepalive_idle_s = 30;
constexpr long keepalive_interval_s = 10;
constexpr std::int64_t max_retry_after_s = 300;
constexpr std::size_t max_headers = 100;

std::atomic<int> signals_seen{0};

struct exchange {
    const http_call& call;
    CURL* handle;
    http_answer answer;
    curl_off_t bytes = 0;
    steady_clock::time_point last_byte = steady_clock::now();
    bool silent = false;
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* user) {
    auto& x = *static_cast<exchange*>(user);
    const std::string_view piece(data, size * count);
    x.last_byte = steady_clock::now();
    long status = 0;
    curl_easy_getinfo(x.handle, CURLINFO_RESPONSE_CODE, &status);
    if (status == 200 && x.call.on_body) return x.call.on_body(piece) ? piece.size() : 0;
    if (x.answer.body.size() + piece.size() > max_answer) return 0;
    x.answer.body.append(piece);
    return piece.size();
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* user) {
    auto& x = *static_cast<exchange*>(user);
    const std::string_view line(data, size * count);
    const std::string_view text = line.substr(0, line.find('\r'));
    const std::size_t colon = text.find(':');
    if (text.empty() && x.call.on_head) {
        curl_easy_getinfo(x.handle, CURLINFO_RESPONSE_CODE, &x.answer.status);
        x.call.on_head(x.answer);
    } else if (colon != std::string_view::npos && x.answer.headers.size() < max_headers) {
        x.answer.headers.emplace_back(http::lower(text.substr(0, colon)),
                                      http::trim(text.substr(colon + 1)));
    }
    return line.size();
}

/// What is known of the answer and its connection at the end.
void read_facts(CURL* curl, http_answer& into) {
    into.content_type = into.header("content-type");
    // A proxy's own stands behind the server's.
    for (const auto& [name, value] : into.headers) {
        if (name != "retry-after") continue;
        const auto seconds = parse_whole_number(value);
        into.retry_after = std::chrono::seconds(std::min(seconds.value_or(0), max_retry_after_s));
    }
    const char* local = nullptr;
    curl_easy_getinfo(curl, CURLINFO_LOCAL_IP, &local);
    if (local != nullptr) into.local_address = local;
    long version = 0;
    curl_easy_getinfo(curl, CURLINFO_HTTP_VERSION, &version);
    into.http2 = version == CURL_HTTP_VERSION_2_0;
    curl_certinfo* chain = nullptr;
    curl_easy_getinfo(curl, CURLINFO_CERTINFO, &chain);
    if (chain == nullptr || chain->num_of_certs == 0) return;
    for (const curl_slist* at = chain->certinfo[0]; at != nullptr; at = at->next) {
        constexpr std::string_view label = "Expire date:";
        const std::string_view line = at->data;
        if (!line.starts_with(label)) continue;
        const time_t ends = curl_getdate(line.substr(label.size()).data(), nullptr);
        if (ends > 0) into.certificate_ends = std::chrono::sys_seconds(std::chrono::seconds(ends));
    }
}

int watch(void* user, curl_off_t, curl_off_t received, curl_off_t, curl_off_t sent) {
    auto& x = *static_cast<exchange*>(user);
    if (x.call.go_on && !x.call.go_on()) return 1;
    const auto now = steady_clock::now();
    if (received + sent != x.bytes) {
        x.bytes = received + sent;
        x.last_byte = now;
    }
    x.silent = now - x.last_byte >= x.call.silence;
    return x.silent ? 1 : 0;
}

void set_options(CURL* curl, exchange& x, const curl_slist* headers, char* why) {
    const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(curl, option, value); };
    set(CURLOPT_URL, x.call.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_NOPROXY, "*");
    set(CURLOPT_CONNECTTIMEOUT, connect_timeout_s);
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    set(CURLOPT_TCP_KEEPIDLE, keepalive_idle_s);
    set(CURLOPT_TCP_KEEPINTVL, keepalive_interval_s);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_HTTPHEADER, headers);
    set(CURLOPT_ERRORBUFFER, why);
    set(CURLOPT_WRITEFUNCTION, &take_body);
    set(CURLOPT_WRITEDATA, &x);
    set(CURLOPT_HEADERFUNCTION, &take_header);
    set(CURLOPT_HEADERDATA, &x);
    if (!x.call.from.empty()) set(CURLOPT_INTERFACE, x.call.from.c_str());
    if (x.call.on_head) set(CURLOPT_CERTINFO, 1L);
    // As curl does it; libcurl reads no environment of this kind.
    if (const char* authorities = std::getenv("SSL_CERT_FILE"); authorities != nullptr)
        set(CURLOPT_CAINFO, authorities);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &watch);
    set(CURLOPT_XFERINFODATA, &x);
    if (!x.call.body.empty()) {
        set(CURLOPT_POST, 1L);
        set(CURLOPT_POSTFIELDS, x.call.body.data());
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(x.call.body.size()));
    }
    if (x.call.method != "GET") set(CURLOPT_CUSTOMREQUEST, x.call.method.c_str());
}

}  // namespace

int interrupts() noexcept { return signals_seen.load(); }

void catch_interrupts() {
    for (const int s : {SIGINT, SIGTERM}) {
        struct sigaction action{};
        action.sa_handler = [](int) { signals_seen.fetch_add(1); };
        ::sigaction(s, &action, nullptr);  // no SA_RESTART: waiting for stdin ends
    }
}

struct http_client::state {
    std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl{nullptr, &curl_easy_cleanup};
};

std::string_view http_answer::header(std::string_view name) const noexcept {
    const auto at = std::ranges::find(headers, name, &std::pair<std::string, std::string>::first);
    return at == headers.end() ? std::string_view{} : std::string_view(at->second);
}

http_client::http_client() : state_(std::make_unique<state>()) {
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (ready == CURLE_OK) state_->curl.reset(curl_easy_init());
}

http_client::~http_client() = default;
http_client::http_client(http_client&&) noexcept = default;
http_client& http_client::operator=(http_client&&) noexcept = default;

result<http_answer> http_client::perform(const http_call& call) {
    CURL* const curl = state_->curl.get();
    if (curl == nullptr) return fail(errc::io_error, "libcurl does not start");
    curl_easy_reset(curl);  // keeps the connection
    curl_slist* list = nullptr;
    for (const std::string& h : call.headers) list = curl_slist_append(list, h.c_str());
    if (!call.body.empty()) list = curl_slist_append(list, "Expect:");
    const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(list,
                                                                              &curl_slist_free_all);
    exchange x{call, curl, {}};
    std::array<char, CURL_ERROR_SIZE> why{};
    set_options(curl, x, headers.get(), why.data());
    const CURLcode done = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &x.answer.status);
    read_facts(curl, x.answer);
    // An end that we wanted, and an answer that came before the whole body was sent, are no
    // failures.
    if (done == CURLE_OK || (done == CURLE_WRITE_ERROR && x.answer.status == 200) ||
        (done == CURLE_SEND_ERROR && x.answer.status >= 400)) {
        return std::move(x.answer);
    }
    if (x.silent) {
        return fail(errc::request_timeout,
                    fmt::format("no byte came for {}", duration_text(call.silence)));
    }
    return fail(errc::io_error, why[0] != '\0' ? why.data() : curl_easy_strerror(done));
}

std::string percent_encode(std::string_view text, std::string_view keep) {
    std::string out;
    for (const char c : text) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                           (c >= 'A' && c <= 'Z') ||
                           std::string_view("-._~").find(c) != std::string_view::npos ||
                           keep.find(c) != std::string_view::npos;
        if (plain) {
            out += c;
        } else {
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return out;
}

problem_text problem_of(const http_answer& answer) {
    problem_text found;
    if (!answer.content_type.starts_with("application/problem+json") ||
        !transport::check_json(answer.body))
        return found;
    if (const auto members = transport::object_members(answer.body)) {
        for (const auto& [name, slice] : *members) {
            if (name == "code") found.code = transport::decode_string(slice).value_or("");
            if (name == "detail") found.detail = transport::decode_string(slice).value_or("");
        }
    }
    return found;
}

std::string explain(const http_answer& answer) {
    const problem_text problem = problem_of(answer);
    if (problem.code.empty()) return fmt::format("the server answered {}", answer.status);
    return fmt::format("{} ({}): {}", answer.status, problem.code, problem.detail);
}

}  // namespace carillon::server
