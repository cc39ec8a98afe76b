#include "http/exchange.hpp"

#include <carillon/base/log.hpp>

#include "http/accept_encoding.hpp"
#include "http/access.hpp"
#include "http/admission.hpp"
#include "http/compression.hpp"
#include "http/problem.hpp"
#include "http/text.hpp"

#include <algorithm>
#include <exception>
#include <new>
#include <utility>

namespace carillon::http {

namespace {

constexpr std::size_t kept_body_capacity = 256u << 10;  ///< of the shared request, between requests

constexpr refusal too_many_bytes{
    503, errc::unavailable,
    "requests that are being read hold as many bytes as http.max_request_memory allows"};

void add(std::atomic<std::uint64_t>& counter, std::uint64_t n) noexcept {
    // One writer: a plain store is enough, and spares a locked instruction per request.
    counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

void count(server_counters& counters, int status) noexcept {
    add(status >= 500   ? counters.responses_5xx
        : status >= 400 ? counters.responses_4xx
                        : counters.responses_2xx,
        1);
}

/// For what hangs on who asks: a cache that goes by the URL would show it to others (RFC 9111,
/// section 5.2.2.5), and a page that frames it could have its reader press what is there.
std::string_view personal_lines(const response& r) noexcept {
    const auto says_it = [](const header& h) { return iequals(h.first, "Cache-Control"); };
    if (std::ranges::any_of(r.headers, says_it)) return {};
    return "Cache-Control: no-store\r\nContent-Security-Policy: frame-ancestors 'none'\r\n";
}

/// Runs code of the embedder's. What it throws is a bug there and no reason for anyone else's
/// connection to end.
template <class Call>
bool guarded(net::loop& l, Call&& call) noexcept {
    try {
        call();
        return true;
    } catch (const std::bad_alloc&) {
        l.count_failed_allocation();
        return false;
    } catch (const std::exception& e) {
        log::error("a request handler threw", {{"what", std::string_view(e.what())}});
    } catch (...) {
        log::error("a request handler threw");
    }
    return false;
}

/// True while the session's call lasts, however that ends.
class in_call {
public:
    explicit in_call(bool& flag) noexcept : flag_(flag) { flag_ = true; }
    ~in_call() { flag_ = false; }
    in_call(const in_call&) = delete;
    in_call& operator=(const in_call&) = delete;

private:
    bool& flag_;
};

}  // namespace

void exchange::begin(const request_head& head) {
    add(context_.counters.requests, 1);
    upload_.reset();
    const in_call now(in_call_);
    request& r = context_.request;
    const access_rules& rules = context_.options->access;
    r.peer = sink_.peer();
    r.client = client_of(rules, r, r.peer);
    common_lines_ = cors_lines(rules, head.origin);
    const compression_rules& compression = context_.options->compression;
    coding_ = preferred_coding(r.header_value("Accept-Encoding"), compression.codings);
    credentials_ = has_credentials(compression, r);
    http10_ = r.http10;
    head_only_ = r.method == "HEAD";
    end_unknown_ = false;
    personal_ = false;
    seen_ = {r.method, r.path, r.client};

    router::match match;
    if (auto refused = refusal_of(rules, context_.routes, r, head, match)) {
        end_unknown_ = refused->close;
        conclude(std::move(*refused));
    } else {
        personal_ = match.rules->personal;
        r.path_rest = std::move(match.values);
        r.body.clear();
        if (head_only_) {
            r.head = true;
            r.method = "GET";
        }
        if (head.has_body()) {
            begin_body(head, match);
        } else {
            dispatch(*match.on_request);
        }
    }
}

void exchange::begin_body(const request_head& head, const router::match& match) {
    max_body_size_ = context_.options->limits.max_body_size;
    handler_ = match.on_request;
    held_ = byte_share(context_.options->requests);
    buffered_since_ = 0;
    end_due_ = false;
    stage_ = stage::body;
    if (match.on_upload != nullptr && begin_upload(*match.on_upload)) return;
    if (head.length.value_or(0) > max_body_size_) {
        conclude(problem({errc::payload_too_large, "the body is longer than http.max_body_size"}));
    }
}

/// False if the body is to be buffered after all.
bool exchange::begin_upload(const upload_handler& begin) {
    unanswered_ = true;
    responder r(sink_.share(), context_.loop);
    const bool returned = guarded(context_.loop, [&] {
        upload_ = begin(context_.request, r, upload_control(sink_.share()));
    });
    if (upload_ && unanswered_) context_.uploads.insert(this);
    if (!returned || upload_ || !unanswered_) return true;
    r.exchange_.reset();
    unanswered_ = false;
    return false;
}

void exchange::take(std::string_view data, bool end) {
    const in_call now(in_call_);
    end_due_ = false;
    if (upload_) {
        feed(data, end);
    } else {
        buffer(data, end);
    }
}

void exchange::feed(std::string_view data, bool end) {
    if (!data.empty()) {
        auto flow = upload::flow::more;
        resumed_ = false;
        const bool returned = guarded(context_.loop, [&] { flow = upload_->on_data(data); });
        if (stage_ != stage::body) return;
        if (!returned) {
            unanswered_ = false;
            return conclude(problem({errc::internal, "the upload failed"}));
        }
        if (!held_.hold(upload_->held())) return refuse(too_many_bytes, true);
        if (flow == upload::flow::pause && !resumed_) {
            stage_ = stage::paused;
            end_due_ = end;
            return;
        }
    }
    if (!end) return;
    context_.uploads.erase(this);
    stage_ = stage::answering;
    if (!guarded(context_.loop, [&] { upload_->on_end(); }) && unanswered_) {
        unanswered_ = false;
        conclude(problem({errc::internal, "the upload failed"}));
    }
}

void exchange::resume() {
    resumed_ = true;
    if (stage_ != stage::paused) return;
    stage_ = stage::body;
    sink_.resume_reading();
}

void exchange::buffer(std::string_view data, bool end) {
    request& r = request_ ? *request_ : context_.request;
    if (data.size() > max_body_size_ - r.body.size()) {
        return refuse({413, errc::payload_too_large, "the body is longer than http.max_body_size"},
                      true);
    }
    if (!held_.hold(r.body.size() + data.size()))
        return conclude(problem({too_many_bytes.code, std::string(too_many_bytes.detail)}));
    r.body += data;
    buffered_since_ += data.size();
    if (end) dispatch(*handler_);
}

bool exchange::earns_time() noexcept {
    if (stage_ != stage::body || upload_) return true;
    const limits& bounds = context_.options->limits;
    const auto seconds = std::chrono::duration<double>(bounds.body_timeout).count();
    if (static_cast<double>(buffered_since_) < static_cast<double>(bounds.min_body_rate) * seconds)
        return false;
    buffered_since_ = 0;
    return true;
}

void exchange::dispatch(const handler& h) {
    stage_ = stage::answering;
    unanswered_ = true;
    const auto own = std::move(request_);
    request& r = own ? *own : context_.request;
    guarded(context_.loop, [&] { h(r, responder(sink_.share(), context_.loop)); });
    held_.reset();
    if (r.body.capacity() > kept_body_capacity) std::string().swap(r.body);
}

void exchange::end_turn() {
    if (stage_ == stage::none) upload_.reset();
    if (stage_ == stage::body && !upload_ && !request_) {
        request_ = std::make_unique<request>(std::move(context_.request));
    }
}

void exchange::refuse(const refusal& why, bool parsed) {
    if (!parsed) {
        // What was parsed, if anything, belongs to the request before.
        common_lines_.clear();
        seen_ = {{}, {}, sink_.peer()};
        http10_ = head_only_ = personal_ = false;
        coding_ = content_coding::identity;
    }
    if (cut(why)) return;
    unanswered_ = false;
    conclude(problem_document(why.status, to_string(why.code), why.detail));
}

/// True if an upload answers, or has.
bool exchange::cut(const refusal& why) {
    if (!upload_ || !unanswered_ || (stage_ != stage::body && stage_ != stage::paused))
        return false;
    context_.uploads.erase(this);
    const bool within = in_call_;
    in_call_ = true;
    stage_ = stage::answering;
    end_due_ = false;
    bool answers = false;
    guarded(context_.loop, [&] { answers = upload_->on_cut({why.code, std::string(why.detail)}); });
    in_call_ = within;
    return answers || !unanswered_;
}

void exchange::cut_upload() {
    const auto guard = sink_.share();
    if (guard) sink_.cut_request({503, errc::unavailable, "the server is ending"});
}

void exchange::answer(response r) {
    if (!unanswered_) return;
    unanswered_ = false;
    conclude(std::move(r));
    if (!sink_.share()) keep_upload_for_now();
}

std::unique_ptr<response_body> exchange::begin_stream(stream_head head) {
    if (!unanswered_) return nullptr;
    unanswered_ = false;
    stage_ = stage::none;
    if (upload_) context_.uploads.erase(this);
    std::unique_ptr<response_body> body;
    try {
        body = sink_.begin_stream(std::move(head));
    } catch (const std::bad_alloc&) {
        context_.loop.count_failed_allocation();
        sink_.abort();
    }
    if (body) count(context_.counters, body->head()->status);
    keep_upload_for_now();
    return body;
}

void exchange::conclude(response r) noexcept {
    stage_ = stage::none;
    end_due_ = false;
    request_.reset();
    held_.reset();
    if (upload_) context_.uploads.erase(this);
    try {
        count(context_.counters, r.status);
        if (r.status >= 400) log_refusal(r.status);
        compress(r);
        if (personal_) common_lines_ += personal_lines(r);
        sink_.respond(std::move(r));
    } catch (const std::bad_alloc&) {
        context_.loop.count_failed_allocation();
        sink_.abort();
    }
}

void exchange::compress(response& r) const {
    if (credentials_ && !r.for_everyone) return;
    http::compress(r, coding_, context_.options->compression);
}

/// The caller may be a method of the upload, which must not be destroyed before it returns.
void exchange::keep_upload_for_now() {
    if (in_call_ || !upload_) return;
    context_.loop.at_end_of_turn([kept = std::shared_ptr<upload>(std::move(upload_))] {});
}

void exchange::log_refusal(int status) const {
    if (!log::enabled(log::level::info)) return;
    const auto held_back = context_.refusals.pass();
    if (!held_back) return;
    log::info(status < 500 ? "request refused" : "request failed",
              {{"status", status},
               {"address", seen_.client.str()},
               {"method", seen_.method},
               {"path", seen_.path},
               {"not_logged_before", *held_back}});
}

}  // namespace carillon::http
