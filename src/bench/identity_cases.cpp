// What it costs to know who listens: events to users and to metadata, connecting with tokens.
#include <carillon/hub/in_process_hub.hpp>

#include "auth/key.hpp"
#include "base/base64url.hpp"
#include "bench/cases.hpp"
#include "bench/clock.hpp"
#include "bench/payload.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
#include <span>

#include <fmt/format.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <time.h>

namespace carillon::bench {

namespace {

constexpr double to_one_target_us = 1;
constexpr double size_target = 1.5;
constexpr double verify_target = 1.2;

constexpr std::size_t reds = 100;          // of any crowd
constexpr std::size_t touched = 1000;      // users, and topics, that events are for
constexpr std::uint32_t singles = 20'000;  // events of a kind to one stream each
constexpr std::uint32_t shared = 200;      // events to all the reds

double cpu_us() noexcept {
    timespec t{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

/// Streams of a hub in this process, each of a user and on a topic of its own: a machine has not
/// the sockets for so many.
class crowd {
public:
    explicit crowd(std::size_t size) : size_(size), hub_(options_for(size)) {}

    result<> come() {
        const std::size_t every = std::max<std::size_t>(size_ / reds, 1);
        for (std::size_t i = 0; i < size_; ++i) {
            auto who = std::make_shared<identity>();
            who->user = fmt::format("user-{}", i);
            who->session = fmt::format("session-{}", i);
            who->attributes = {{"team", i % every == 0 ? "red" : fmt::format("t{}", i % 50)},
                               {"site", fmt::format("s{}", i % 10)},
                               {"role", "user"}};
            stream_request asked;
            asked.topics = {topic_pattern(topic_of(i))};
            asked.who = std::move(who);
            asked.spaces = {.user = true, .session = true, .everyone = true, .attributes = true};
            auto opened = hub_.listen(std::move(asked));
            if (!opened) return std::unexpected(opened.error());
            streams_.push_back(*opened);
        }
        hub_.run();
        return {};
    }

    result<double> to_topics(std::uint32_t events) {
        return each(events, 1, [this](std::size_t i) { publish(topic_of(i), {}); });
    }
    result<double> to_users(std::uint32_t events) {
        return each(events, 1, [this](std::size_t i) {
            publish(std::nullopt, {.users = {fmt::format("user-{}", i)}});
        });
    }
    result<double> to_reds(std::uint32_t events) {
        return each(events, reds,
                    [this](std::size_t) { publish(std::nullopt, {.all_of = {{"team", "red"}}}); });
    }

private:
    static hub_options options_for(std::size_t size) {
        hub_options o;
        o.max_clients = size + 1;
        return o;
    }
    static topic topic_of(std::size_t i) { return topic::parse(fmt::format("t/{}", i)).value(); }

    void publish(std::optional<topic> to, audience whom) {
        std::vector<event> batch(1);
        const auto text = write_payload({0, 0, 0});
        batch[0].data.assign(text.begin(), text.end());
        batch[0].payload = payload_kind::json;
        if (to) batch[0].topics = {std::move(*to)};
        const auto stored = [this](const result<std::vector<published>>& done) {
            refused_ = refused_ || !done;
        };
        if (to) {
            hub_.events().publish(std::move(batch), stored);
        } else {
            hub_.events().publish(std::move(batch), std::move(whom), std::nullopt, stored);
        }
        hub_.run();
    }

    /// CPU per event. The streams that are meant are a part of the crowd, spread over it.
    result<double> each(std::uint32_t events, std::size_t listeners,
                        const std::function<void(std::size_t)>& send) {
        const std::size_t stride = std::max<std::size_t>(size_ / touched, 1);
        const double before = cpu_us();
        for (std::uint32_t k = 0; k < events; ++k) send(k % touched * stride % size_);
        const double spent = cpu_us() - before;
        std::size_t heard = 0;
        for (auto* s : streams_) heard += s->take().size();
        if (refused_ || heard != events * std::min(listeners, size_))
            return fail(errc::internal, fmt::format("{} deliveries of {} events", heard, events));
        return spent / events;
    }

    const std::size_t size_;
    in_process_hub hub_;
    std::vector<in_process_hub::listener*> streams_;
    bool refused_ = false;
};

/// The mean of several turns, which alternate with those of something else.
result<> add_turn(double& sum, const result<double>& turn) {
    if (!turn) return std::unexpected(turn.error());
    sum += *turn / turns;
    return {};
}

result<double> to_reds_of(case_run& run, std::size_t size, double* topics, double* users) {
    crowd all(run.scaled(size));
    if (auto here = all.come(); !here) return std::unexpected(here.error());
    const auto few = run.events(singles / turns);
    // The journal makes topics at their first event.
    for (const auto& first : {all.to_topics(touched), all.to_users(touched), all.to_reds(1)})
        if (!first) return std::unexpected(first.error());
    double sum = 0;
    for (std::uint32_t turn = 0; turn < turns; ++turn) {
        if (topics != nullptr) {
            if (auto done = add_turn(*topics, all.to_topics(few)); !done)
                return std::unexpected(done.error());
            if (auto done = add_turn(*users, all.to_users(few)); !done)
                return std::unexpected(done.error());
        }
        if (auto done = add_turn(sum, all.to_reds(run.events(shared / turns))); !done)
            return std::unexpected(done.error());
    }
    return sum;
}

struct free_openssl {
    void operator()(EVP_PKEY* p) const noexcept { EVP_PKEY_free(p); }
    void operator()(BIO* p) const noexcept { BIO_free(p); }
    void operator()(EVP_MD_CTX* p) const noexcept { EVP_MD_CTX_free(p); }
    void operator()(ECDSA_SIG* p) const noexcept { ECDSA_SIG_free(p); }
};
template <class T>
using owned = std::unique_ptr<T, free_openssl>;

std::string text_of(BIO* bio) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio, &bytes);
    return {bytes, static_cast<std::size_t>(size)};
}

std::string pem_of(EVP_PKEY* key, bool is_private) {
    const owned<BIO> bio(BIO_new(BIO_s_mem()));
    if (is_private) {
        PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
    } else {
        PEM_write_bio_PUBKEY(bio.get(), key);
    }
    return text_of(bio.get());
}

/// Makes tokens, no two of which are the same.
class token_mint {
public:
    static result<std::unique_ptr<token_mint>> make() {
        owned<EVP_PKEY> pair(EVP_EC_gen("P-256"));
        if (pair == nullptr) return fail(errc::internal, "no key could be made");
        auto key = auth::key::from_pem(pem_of(pair.get(), true));
        if (!key) return std::unexpected(key.error());
        std::unique_ptr<token_mint> made(new token_mint(std::move(pair), std::move(*key)));
        std::ofstream(made->key_file()) << pem_of(made->pair_.get(), false);
        return made;
    }
    std::string key_file() const { return folder_.path() + "/key.pem"; }

    /// The request lines of so many subscribers.
    result<std::vector<std::string>> tokens(std::size_t count) {
        std::vector<std::string> all;
        for (std::size_t i = 0; i < count; ++i) {
            const auto n = made_++;
            auto token = key_->sign(fmt::format(
                R"({{"sub":"user-{}","jti":"token-{}","roles":["user"],"exp":4102444800}})", n, n));
            if (!token) return std::unexpected(token.error());
            all.push_back(std::move(*token));
        }
        return all;
    }

    /// CPU of a bare EVP_DigestVerify of such a token.
    result<double> verify_us() {
        constexpr std::size_t count = 2000;
        const auto some = tokens(count);
        if (!some) return std::unexpected(some.error());
        std::vector<std::vector<unsigned char>> signatures;
        for (const std::string& t : *some) signatures.push_back(der_of(t));
        const double before = cpu_us();
        for (std::size_t i = 0; i < count; ++i) {
            const std::string& t = (*some)[i];
            const owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
            if (EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, pair_.get()) !=
                    1 ||
                EVP_DigestVerify(context.get(), signatures[i].data(), signatures[i].size(),
                                 reinterpret_cast<const unsigned char*>(t.data()),
                                 t.rfind('.')) != 1)
                return fail(errc::internal, "a signature was not verified");
        }
        return (cpu_us() - before) / static_cast<double>(count);
    }

private:
    token_mint(owned<EVP_PKEY> pair, auth::key_ptr key)
        : pair_(std::move(pair)), key_(std::move(key)) {}

    /// A token's signature is two numbers side by side (RFC 7518, section 3.4); OpenSSL has its
    /// own form.
    static std::vector<unsigned char> der_of(std::string_view token) {
        const auto raw = parse_base64url(token.substr(token.rfind('.') + 1)).value_or("");
        const auto* bytes = reinterpret_cast<const unsigned char*>(raw.data());
        const int half = static_cast<int>(raw.size() / 2);
        const owned<ECDSA_SIG> both(ECDSA_SIG_new());
        ECDSA_SIG_set0(both.get(), BN_bin2bn(bytes, half, nullptr),
                       BN_bin2bn(bytes + half, half, nullptr));
        unsigned char* out = nullptr;
        const int size = i2d_ECDSA_SIG(both.get(), &out);
        std::vector<unsigned char> der(out, out + std::max(size, 0));
        OPENSSL_free(out);
        return der;
    }

    const owned<EVP_PKEY> pair_;
    const auth::key_ptr key_;
    const scratch_folder folder_;
    std::size_t made_ = 0;
};

std::string bearer(std::string_view token) {
    return fmt::format("Authorization: Bearer {}\r\n", token);
}

/// Counts connections. Without a mint nobody shows a token.
result<stretch> connected(case_run& run, subject& s, token_mint* mint) {
    const std::size_t first = 64;  // they also load code and fill free lists
    const std::size_t count = run.scaled(10'000);
    std::vector<std::string> tokens;
    if (mint != nullptr) {
        auto made = mint->tokens(first + count);
        if (!made) return std::unexpected(made.error());
        tokens = std::move(*made);
    }
    const auto shown_from = [&](std::size_t at) -> std::function<std::string(std::size_t)> {
        if (tokens.empty()) return {};
        return [&tokens, at](std::size_t n) { return bearer(tokens[at + n]); };
    };
    load_options options;
    options.publishers = 0;
    options.subscribers = first;
    options.fields = shown_from(0);
    {
        load warm(s.where(), options);
        if (auto done = warm.connect(); !done) return std::unexpected(done.error());
    }
    options.subscribers = count;
    options.fields = shown_from(first);
    load traffic(s.where(), options);
    auto spent = measure(s, traffic, [&] { return traffic.connect_subscribers(); });
    if (spent) spent->count = static_cast<double>(count);
    return spent;
}

}  // namespace

result<> targeted_events(case_run& run) {
    double topics = 0;
    double users = 0;
    const auto few = to_reds_of(run, 10'000, nullptr, nullptr);
    if (!few) return std::unexpected(few.error());
    const auto many = to_reds_of(run, 100'000, &topics, &users);
    if (!many) return std::unexpected(many.error());
    auto& results = run.results();
    results.add_difference(run.name(), "CPU per event to a user, more than to a topic", "µs", users,
                           topics, to_one_target_us);
    results.add_value(run.name(), "CPU per event to 100 of 10,000 by metadata", "µs", *few);
    results.add_quotient(run.name(), "the same of 100,000 ÷ of 10,000", "µs", *many, *many / *few,
                         size_target);
    return {};
}

result<> connecting_with_tokens(case_run& run) {
    auto mint = token_mint::make();
    if (!mint) return std::unexpected(mint.error());
    const auto server = [&] { return run.server({"--auth.keys", (*mint)->key_file()}); };
    const auto before = (*mint)->verify_us();
    if (!before) return std::unexpected(before.error());
    const auto found =
        in_turns({server, [&](subject& s) { return connected(run, s, mint->get()); }},
                 {server, [&](subject& s) { return connected(run, s, nullptr); }});
    if (!found) return std::unexpected(found.error());
    const auto after = (*mint)->verify_us();
    if (!after) return std::unexpected(after.error());
    const double verify = (*before + *after) / 2;
    const double with = found->server.cpu_us_each();
    auto& results = run.results();
    results.add_value(run.name(), "bare EVP_DigestVerify", "µs", verify);
    results.add_value(run.name(), "CPU per connection without a token", "µs",
                      found->floor.cpu_us_each());
    results.add_quotient(run.name(), "what a token adds to a connection ÷ bare verification", "µs",
                         with, (with - found->floor.cpu_us_each()) / verify, verify_target);
    return {};
}

}  // namespace carillon::bench
