#include "server/http_client.hpp"

#include "base/time_text.hpp"
#include "http/text.hpp"
#include "transport/json_slices.hpp"

#include <array>
#include <atomic>
#include <csignal>

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
    constexpr std::string_view name = "retry-after:";
    if (http::istarts_with(line, name)) {
        const std::string_view value = line.substr(name.size());
        const auto seconds = parse_whole_number(http::trim(value.substr(0, value.find('\r'))));
        x.answer.retry_after =
            std::chrono::seconds(std::min(seconds.value_or(0), max_retry_after_s));
    }
    return line.size();
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
    const char* type = nullptr;
    curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    if (type != nullptr) x.answer.content_type = type;
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
