#include "server/web_client.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <curl/curl.h>
#include <fmt/format.h>

namespace carillon::server {

namespace {

// How many are asked at once: others wait their turn, so that a slow back end meets no flood.
constexpr std::size_t max_running = 64;
constexpr int poll_ms = 1000;

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
    return out;
}

bool is_loopback(std::string_view host) {
    return host == "localhost" || host.ends_with(".localhost") || host == "[::1]" ||
           (host.starts_with("127.") &&
            host.find_first_not_of("0123456789.") == std::string_view::npos);
}

bool has_line_end(const std::pair<std::string, std::string>& header) {
    const auto bad = [](const std::string& s) { return s.find_first_of("\r\n") != s.npos; };
    return bad(header.first) || bad(header.second) || header.first.empty();
}

}  // namespace

std::string_view web_answer::header_value(std::string_view name) const noexcept {
    for (const auto& [n, value] : headers) {
        if (n == name) return value;
    }
    return {};
}

// By libcurl's own parser: another one may read another host out of the same text.
result<> check_web_url(std::string_view url, bool plain_http) {
    const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), curl_url_cleanup);
    const auto part = [&](CURLUPart which) {
        char* text = nullptr;
        std::string copy;
        if (curl_url_get(parsed.get(), which, &text, 0) == CURLUE_OK) copy = text;
        curl_free(text);
        return lower(copy);
    };
    const bool valid =
        curl_url_set(parsed.get(), CURLUPART_URL, std::string(url).c_str(), 0) == CURLUE_OK;
    const std::string scheme = valid ? part(CURLUPART_SCHEME) : "";
    const std::string host = valid ? part(CURLUPART_HOST) : "";
    if ((scheme != "https" && scheme != "http") || host.empty())
        return fail(errc::invalid_request, "not an absolute http or https URL");
    if (scheme == "http" && !plain_http && !is_loopback(host))
        return fail(errc::invalid_request, "beyond loopback only https is asked");
    return {};
}

/// One request under way. libcurl holds its address.
struct web_client::exchange {
    web_request request;
    callback done;
    web_answer answer;
    CURL* easy = nullptr;
    curl_slist* headers = nullptr;
    bool too_large = false;

    exchange(web_request r, callback d) : request(std::move(r)), done(std::move(d)) {}
    exchange(const exchange&) = delete;
    exchange& operator=(const exchange&) = delete;
    ~exchange() {
        curl_easy_cleanup(easy);
        curl_slist_free_all(headers);
    }

    static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self) {
        auto& e = *static_cast<exchange*>(self);
        e.too_large = e.answer.body.size() + size * count > e.request.max_answer;
        if (e.too_large) return CURL_WRITEFUNC_ERROR;
        e.answer.body.append(bytes, size * count);
        return size * count;
    }

    static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self) {
        auto& e = *static_cast<exchange*>(self);
        std::string_view line(bytes, size * count);
        const std::size_t colon = line.find(':');
        constexpr std::size_t most = 100;
        if (colon != std::string_view::npos && e.answer.headers.size() < most) {
            std::string_view value = line.substr(colon + 1);
            value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
            value = value.substr(0, value.find_last_not_of(" \t\r\n") + 1);
            e.answer.headers.emplace_back(lower(line.substr(0, colon)), value);
        }
        return size * count;
    }

    bool prepare() {
        easy = curl_easy_init();
        if (easy == nullptr) return false;
        for (const auto& [name, value] : request.headers)
            headers = curl_slist_append(headers, fmt::format("{}: {}", name, value).c_str());
        headers = curl_slist_append(headers, "Expect:");
        curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
        curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(easy, CURLOPT_USERAGENT, "carillon");
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &exchange::on_body);
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
        curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &exchange::on_header);
        curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
        curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
        if (request.method != "GET") {
            curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
            curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                             static_cast<curl_off_t>(request.body.size()));
            curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
        }
        return true;
    }
};

web_client::web_client() {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    multi_ = curl_multi_init();
    thread_ = std::thread([this] { run(); });
}

web_client::~web_client() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    curl_multi_wakeup(multi_);
    thread_.join();
    curl_multi_cleanup(multi_);
    curl_global_cleanup();
}

void web_client::ask(web_request r, callback done) {
    if (auto fine = check_web_url(r.url, r.plain_http); !fine)
        return done(std::unexpected(fine.error()));
    if (std::ranges::any_of(r.headers, has_line_end))
        return done(fail(errc::invalid_request, "a header is empty or holds a line end"));
    auto e = std::make_unique<exchange>(std::move(r), std::move(done));
    bool taken = false;
    {
        const std::lock_guard lock(mutex_);
        taken = !ending_ && unanswered_ < max_waiting;
        if (taken) {
            ++unanswered_;
            waiting_.push_back(std::move(e));
        }
    }
    if (taken) {
        curl_multi_wakeup(multi_);
    } else {
        e->done(fail(errc::unavailable, "too many requests wait"));  // NOLINT: not moved then
    }
}

void web_client::begin_waiting() {
    while (running_.size() < max_running) {
        std::unique_ptr<exchange> next;
        {
            const std::lock_guard lock(mutex_);
            if (waiting_.empty()) return;
            next = std::move(waiting_.front());
            waiting_.pop_front();
        }
        const bool begun = next->prepare() && curl_multi_add_handle(multi_, next->easy) == CURLM_OK;
        if (begun) {
            running_.push_back(std::move(next));
            continue;
        }
        {
            const std::lock_guard lock(mutex_);
            --unanswered_;
        }
        next->done(fail(errc::unavailable, "the request could not be begun"));
    }
}

void web_client::finish_done() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        const CURLcode code = message->data.result;
        CURL* const easy = message->easy_handle;
        const auto at = std::ranges::find(running_, easy, [](const auto& e) { return e->easy; });
        std::unique_ptr<exchange> e = std::move(*at);
        running_.erase(at);
        curl_multi_remove_handle(multi_, easy);
        {
            const std::lock_guard lock(mutex_);
            --unanswered_;
        }
        if (code != CURLE_OK) {
            e->done(fail(errc::io_error, e->too_large
                                             ? fmt::format("the answer is longer than {} bytes",
                                                           e->request.max_answer)
                                             : curl_easy_strerror(code)));
            continue;
        }
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &e->answer.status);
        e->done(std::move(e->answer));
    }
}

void web_client::end_all() {
    std::deque<std::unique_ptr<exchange>> all;
    {
        const std::lock_guard lock(mutex_);
        all.swap(waiting_);
        unanswered_ = 0;
    }
    for (auto& e : running_) {
        curl_multi_remove_handle(multi_, e->easy);
        all.push_back(std::move(e));
    }
    running_.clear();
    for (const auto& e : all) e->done(fail(errc::unavailable, "the server is going down"));
}

void web_client::run() {
    for (;;) {
        {
            const std::lock_guard lock(mutex_);
            if (ending_) break;
        }
        begin_waiting();
        int active = 0;
        curl_multi_perform(multi_, &active);
        finish_done();
        bool more = false;
        {
            const std::lock_guard lock(mutex_);
            more = !waiting_.empty() && running_.size() < max_running;
        }
        if (!more) curl_multi_poll(multi_, nullptr, 0, poll_ms, nullptr);
    }
    end_all();
}

}  // namespace carillon::server
