#include "server/webhooks.hpp"

#include <carillon/base/log.hpp>

#include "base/json_text.hpp"
#include "base/random.hpp"
#include "base/time_text.hpp"
#include "surfaces/topics/event_json.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace carillon::server {

namespace {

constexpr std::size_t id_length = 22;
constexpr std::string_view secret_prefix = "whsec_";

/// The bytes that sign. A secret that is no Base64 after its prefix counts as it is.
std::string key_of(std::string_view secret) {
    if (!secret.starts_with(secret_prefix)) return std::string(secret);
    const std::string_view text = secret.substr(secret_prefix.size());
    std::string bytes(text.size() / 4 * 3 + 3, '\0');
    const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
    if (size < 0) return std::string(secret);
    const auto padding = static_cast<std::size_t>(std::ranges::count(text, '='));
    bytes.resize(static_cast<std::size_t>(size) - std::min<std::size_t>(padding, 2));
    return bytes;
}

std::chrono::milliseconds pause_after(unsigned failed) {
    constexpr std::chrono::milliseconds first = std::chrono::seconds(1);
    constexpr std::chrono::milliseconds longest = std::chrono::minutes(5);
    return spread_around(std::min(longest, first * (1u << std::min(failed - 1, 16u))));
}

std::string text_of(std::string_view type, const std::string& data) {
    return fmt::format(R"({{"type":"{}","timestamp":"{}","data":{}}})", type,
                       rfc3339(std::chrono::system_clock::now()), data);
}

}  // namespace

struct webhooks::state : std::enable_shared_from_this<state> {
    struct letter {
        std::string id;
        std::string body;
        unsigned failed = 0;
    };

    webhook_options options;
    fetch ask;
    std::function<clock::time_point()> now;

    mutable std::mutex mutex;                          // guards all below
    std::multimap<clock::time_point, letter> waiting;  ///< by when they are due
    std::size_t under_way = 0;
    bool sending = false;  ///< somebody is at it...
    bool more = false;     ///< ...and is to look again
    webhook_counts all;
    log::gate lines{1};

    void add(std::string body);
    void send_due();
    std::vector<letter> take_due();
    void send(letter l);
    void on_answer(letter l, const result<web_answer>& got);
    void drop(std::string_view why);  // with the lock free
};

std::string webhook_signature(std::string_view secret, std::string_view id,
                              std::string_view timestamp, std::string_view body) {
    const std::string key = key_of(secret);
    const std::string text = fmt::format("{}.{}.{}", id, timestamp, body);
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
    unsigned size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &size);
    std::array<unsigned char, std::size_t{2} * EVP_MAX_MD_SIZE> encoded{};
    const int length = EVP_EncodeBlock(encoded.data(), mac.data(), static_cast<int>(size));
    return "v1," + std::string(reinterpret_cast<const char*>(encoded.data()),
                               static_cast<std::size_t>(length));
}

webhooks::webhooks(webhook_options options, fetch ask, std::function<clock::time_point()> now)
    : state_(std::make_shared<state>()) {
    state_->options = std::move(options);
    state_->ask = std::move(ask);
    state_->now = std::move(now);
}

webhooks::~webhooks() = default;

void webhooks::connected(const client_info& c) {
    std::string data;
    surfaces::append_client_json(data, c);
    state_->add(text_of("client.connected", data));
}

void webhooks::gone(const transport::gone_stream& s) {
    std::string data = R"({"id":)";
    append_json_string(data, s.id);
    for (const auto& [name, value] :
         {std::pair<std::string_view, const std::string&>("user", s.user),
          {"session", s.session},
          {"profile", s.profile}}) {
        if (value.empty()) continue;
        data.append(",\"").append(name).append("\":");
        append_json_string(data, value);
    }
    const auto duration = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now() - s.connected_at);
    data += fmt::format(R"(,"reason":"{}","durationMs":{}}})", s.why ? to_string(*s.why) : "left",
                        duration.count());
    state_->add(text_of("client.gone", data));
}

void webhooks::state::add(std::string body) {
    {
        const std::lock_guard lock(mutex);
        if (waiting.size() + under_way < options.max_queued) {
            waiting.emplace(now(), letter{"msg_" + random_token(id_length), std::move(body)});
            body.clear();
        }
    }
    if (!body.empty()) drop("too many wait");
    send_due();
}

void webhooks::state::drop(std::string_view why) {
    {
        const std::lock_guard lock(mutex);
        ++all.dropped;
    }
    if (const auto held_back = lines.pass()) {
        log::warning("a webhook was dropped", {{"url", options.url},
                                               {"reason", std::string(why)},
                                               {"not_logged_before", *held_back}});
    }
}

/// An answer may come within `ask`, and makes room for the next.
void webhooks::state::send_due() {
    for (auto due = take_due(); !due.empty(); due = take_due()) {
        for (letter& l : due) send(std::move(l));
        const std::lock_guard lock(mutex);
        sending = false;
        if (!std::exchange(more, false)) return;
    }
}

/// Whoever gets some is the one that sends.
std::vector<webhooks::state::letter> webhooks::state::take_due() {
    std::vector<letter> due;
    const std::lock_guard lock(mutex);
    more = sending;
    if (sending) return due;
    const auto time = now();
    while (!waiting.empty() && waiting.begin()->first <= time && under_way < max_under_way) {
        due.push_back(std::move(waiting.begin()->second));
        waiting.erase(waiting.begin());
        ++under_way;
    }
    sending = !due.empty();
    return due;
}

void webhooks::state::send(letter l) {
    const std::string time = std::to_string(std::chrono::duration_cast<std::chrono::seconds>(
                                                std::chrono::system_clock::now().time_since_epoch())
                                                .count());
    web_request r{.url = options.url,
                  .method = "POST",
                  .headers = {{"Content-Type", "application/json"},
                              {"webhook-id", l.id},
                              {"webhook-timestamp", time}},
                  .body = l.body,
                  .timeout = options.timeout,
                  .plain_http = options.plain_http};
    if (!options.secret.empty()) {
        r.headers.emplace_back("webhook-signature",
                               webhook_signature(options.secret, l.id, time, l.body));
    }
    ask(std::move(r), [self = shared_from_this(), l = std::move(l)](const result<web_answer>& got) {
        self->on_answer(l, got);
    });
}

void webhooks::state::on_answer(letter l, const result<web_answer>& got) {
    constexpr long gone_for_good = 410;
    const bool done = got && got->status >= 200 && got->status < 300;
    std::string why = got ? "status " + std::to_string(got->status) : got.error().detail;
    const bool over =
        !done && (++l.failed >= options.attempts || (got && got->status == gone_for_good));
    {
        const std::lock_guard lock(mutex);
        --under_way;
        all.delivered += done ? 1u : 0u;
        if (!done && !over) {
            const auto due = now() + pause_after(l.failed);
            waiting.emplace(due, std::move(l));
        }
    }
    if (over) drop(why);
    send_due();
}

void webhooks::tick() { state_->send_due(); }

webhook_counts webhooks::counts() const {
    const std::lock_guard lock(state_->mutex);
    webhook_counts c = state_->all;
    c.queued = state_->waiting.size() + state_->under_way;
    return c;
}

}  // namespace carillon::server
