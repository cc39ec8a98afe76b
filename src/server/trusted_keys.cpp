#include "server/trusted_keys.hpp"

#include "server/remote_keys.hpp"

#include <fstream>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace carillon::server {

namespace {

constexpr std::size_t max_key_file = 1u << 20;

result<std::string> read_key_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::string text(max_key_file + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (in.bad() || (text.empty() && !in.eof()) || !in.is_open())
        return fail(errc::io_error, "the file cannot be read");
    if (text.size() > max_key_file)
        return fail(errc::invalid_request, "the file is larger than a mebibyte");
    return text;
}

result<std::vector<auth::key_ptr>> keys_of_file(const std::string& path) {
    const auto text = read_key_file(path);
    if (!text) return std::unexpected(text.error());
    if (text->find("-----BEGIN ") != std::string::npos) {
        auto k = auth::key::from_pem(*text);
        if (!k) return std::unexpected(k.error());
        return std::vector{std::move(*k)};
    }
    if (auto set = auth::parse_key_set(*text)) return set;
    auto k = auth::key::from_jwk(*text);
    if (!k)
        return fail(errc::invalid_request,
                    "neither a PEM key, a JSON Web Key nor a set of them: " + k.error().detail);
    return std::vector{std::move(*k)};
}

/// Asks one source after the other until one has a key for the token.
class several_keys final : public auth::key_source {
public:
    explicit several_keys(std::vector<std::shared_ptr<auth::key_source>> all)
        : all_(std::move(all)) {}

    void find(std::string_view key_id, auth::algorithm alg, callback done) override {
        ask(0, std::string(key_id), alg, std::nullopt, std::move(done));
    }

private:
    /// `failed`: why an earlier source could not say; it may be the one that has the key.
    void ask(std::size_t at, std::string key_id, auth::algorithm alg, std::optional<error> failed,
             callback done) {
        auto then = [this, at, key_id, alg, failed = std::move(failed),
                     done = std::move(done)](result<std::vector<auth::key_ptr>> found) mutable {
            if (found && !found->empty()) return done(std::move(found));
            if (!found && !failed) failed = found.error();
            if (at + 1 < all_.size())
                return ask(at + 1, key_id, alg, std::move(failed), std::move(done));
            if (failed) return done(std::unexpected(std::move(*failed)));
            done(std::move(found));
        };
        all_[at]->find(key_id, alg, std::move(then));
    }

    const std::vector<std::shared_ptr<auth::key_source>> all_;
};

}  // namespace

bool is_web_url(std::string_view place) {
    return place.starts_with("https://") || place.starts_with("http://");
}

result<std::shared_ptr<auth::key_source>> trusted_keys(const strings& places, auth::key_ptr secret,
                                                       std::string_view setting,
                                                       const key_places& how) {
    std::vector<auth::key_ptr> fixed;
    std::vector<std::shared_ptr<auth::key_source>> urls;
    if (secret != nullptr) fixed.push_back(std::move(secret));
    const auto wrong = [&](const std::string& place, const error& why) {
        return fail(why.code, fmt::format("`{} = {}`: {}", setting, place, why.detail));
    };
    for (const std::string& place : places) {
        if (is_web_url(place)) {
            if (auto fine = check_web_url(place, how.plain_http); !fine)
                return wrong(place, fine.error());
            urls.push_back(std::make_shared<remote_keys>(
                remote_keys_options{.url = place, .plain_http = how.plain_http}, how.ask,
                how.on_change));
            continue;
        }
        auto keys = keys_of_file(place);
        if (!keys) return wrong(place, keys.error());
        fixed.insert(fixed.end(), keys->begin(), keys->end());
    }
    std::vector<std::shared_ptr<auth::key_source>> all;
    if (!fixed.empty()) all.push_back(std::make_shared<auth::fixed_keys>(std::move(fixed)));
    std::ranges::move(urls, std::back_inserter(all));
    if (all.empty()) return nullptr;
    return std::make_shared<several_keys>(std::move(all));
}

}  // namespace carillon::server
