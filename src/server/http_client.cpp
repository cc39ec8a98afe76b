#include "server/http_client.hpp"

#include "http/text.hpp"
#include "transport/json_slices.hpp"

#include <atomic>
#include <csignal>
#include <memory>

#include <curl/curl.h>
#include <fmt/format.h>

namespace carillon::server {

namespace {

constexpr std::size_t max_answer = 1u << 20;
constexpr long connect_timeout_s = 10;

std::atomic<bool> stop_wanted{false};

struct exchange_state {
    const http_call& call;
    CURL* handle;
    http_answer answer;
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* user) {
    auto& x = *static_cast<exchange_state*>(user);
    const std::string_view piece(data, size * count);
    long status = 0;
    curl_easy_getinfo(x.handle, CURLINFO_RESPONSE_CODE, &status);
    if (status == 200 && x.call.on_body) return x.call.on_body(piece) ? piece.size() : 0;
    if (x.answer.body.size() + piece.size() > max_answer) return 0;
    x.answer.body.append(piece);
    return piece.size();
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* user) {
    auto& x = *static_cast<exchange_state*>(user);
    const std::string_view line(data, size * count);
    constexpr std::string_view name = "retry-after:";
    if (http::istarts_with(line, name)) {
        const std::string_view value = line.substr(name.size());
        x.answer.retry_after = http::trim(value.substr(0, value.find('\r')));
    }
    return line.size();
}

std::size_t give_body(char* into, std::size_t size, std::size_t count, void* user) {
    return static_cast<exchange_state*>(user)->call.upload(into, size * count);
}

int watch(void*, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return stop_wanted.load() ? 1 : 0;
}

}  // namespace

bool interrupted() noexcept { return stop_wanted.load(); }

void catch_interrupts() {
    for (const int s : {SIGINT, SIGTERM}) {
        struct sigaction action{};
        action.sa_handler = [](int) { stop_wanted.store(true); };
        ::sigaction(s, &action, nullptr);  // no SA_RESTART: a blocking read of stdin ends
    }
}

result<http_answer> perform(const http_call& call) {
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (ready != CURLE_OK) return fail(errc::io_error, "libcurl does not start");
    const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(),
                                                                   &curl_easy_cleanup);
    curl_slist* list = nullptr;
    for (const std::string& h : call.headers) list = curl_slist_append(list, h.c_str());
    const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(list,
                                                                              &curl_slist_free_all);

    exchange_state x{call, curl.get(), {}};
    std::array<char, CURL_ERROR_SIZE> why{};
    const auto set = [&](CURLoption option, auto value) {
        curl_easy_setopt(curl.get(), option, value);
    };
    set(CURLOPT_URL, call.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_NOPROXY, "*");
    set(CURLOPT_CONNECTTIMEOUT, connect_timeout_s);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_HTTPHEADER, headers.get());
    set(CURLOPT_ERRORBUFFER, why.data());
    set(CURLOPT_WRITEFUNCTION, &take_body);
    set(CURLOPT_WRITEDATA, &x);
    set(CURLOPT_HEADERFUNCTION, &take_header);
    set(CURLOPT_HEADERDATA, &x);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &watch);
    if (call.upload) {
        set(CURLOPT_POST, 1L);
        set(CURLOPT_READFUNCTION, &give_body);
        set(CURLOPT_READDATA, &x);
    }
    if (call.method != "GET" && !call.upload) set(CURLOPT_CUSTOMREQUEST, call.method.c_str());
    const CURLcode done = curl_easy_perform(curl.get());
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &x.answer.status);
    const char* type = nullptr;
    curl_easy_getinfo(curl.get(), CURLINFO_CONTENT_TYPE, &type);
    if (type != nullptr) x.answer.content_type = type;
    // An end that we wanted, and an answer that came before the whole body was sent, are no
    // failures.
    if (done == CURLE_OK || (done == CURLE_WRITE_ERROR && x.answer.status == 200) ||
        (done == CURLE_SEND_ERROR && x.answer.status >= 400)) {
        return std::move(x.answer);
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

std::string explain(const http_answer& answer) {
    if (answer.content_type.starts_with("application/problem+json") &&
        transport::check_json(answer.body)) {
        std::string code, detail;
        if (const auto members = transport::object_members(answer.body)) {
            for (const auto& [name, slice] : *members) {
                if (name == "code") code = transport::decode_string(slice).value_or("");
                if (name == "detail") detail = transport::decode_string(slice).value_or("");
            }
        }
        return fmt::format("{} ({}): {}", answer.status, code, detail);
    }
    return fmt::format("the server answered {}", answer.status);
}

}  // namespace carillon::server
