#include "server/service_url.hpp"

#include "http/text.hpp"
#include "transport/json_slices.hpp"

#include <fmt/format.h>

namespace carillon::server {

namespace {

constexpr std::string_view default_prefix = "/events";

/// The member `name` of an object, as JSON text; empty if there is none.
std::string_view member(std::string_view json, std::string_view name) {
    const auto members = transport::object_members(json);
    if (!members) return {};
    for (const auto& [each, slice] : *members) {
        if (each == name) return slice;
    }
    return {};
}

/// The prefix in an answer to `GET /api`: what stands before `/publish` in
/// `{"endpoints":{"publish":"POST /events/publish/{topic}"}}`.
std::string prefix_of(const http_answer& answer) {
    if (answer.status != 200 || !transport::check_json(answer.body)) return {};
    const auto publish = member(member(answer.body, "endpoints"), "publish");
    if (!publish.starts_with('"')) return {};
    const std::string text = transport::decode_string(publish).value_or("");
    const std::size_t start = text.find('/');
    const std::size_t end = text.find("/publish", start);
    if (start == std::string::npos || end == std::string::npos) return {};
    return text.substr(start, end - start);
}

}  // namespace

result<service_url> service_url::parse(std::string_view typed) {
    const auto bad = [&](std::string_view why) {
        return fail(errc::invalid_request, fmt::format("`--url {}`: {}", typed, why));
    };
    if (typed.find_first_of("?#") != std::string_view::npos)
        return bad("the address of a server has no query and no fragment");
    std::string_view rest = typed;
    const std::size_t scheme_end = rest.find("://");
    std::string scheme = "http";
    if (scheme_end != std::string_view::npos) {
        scheme = http::lower(rest.substr(0, scheme_end));
        rest.remove_prefix(scheme_end + 3);
    }
    if (scheme != "http" && scheme != "https") return bad("write http:// or https://");
    while (rest.ends_with('/')) rest.remove_suffix(1);
    if (rest.empty() || rest.starts_with('/') || rest.starts_with(':'))
        return bad("a host is missing");
    if (rest.find_first_of(" \t\r\n\\") != std::string_view::npos) return bad("that is no address");

    service_url made;
    made.base_ = fmt::format("{}://{}", scheme, rest);
    const bool has_path = rest.find('/') != std::string_view::npos;
    if (!made.base_.ends_with(default_prefix) || !has_path)
        made.places_.push_back(made.base_ + std::string(default_prefix));
    if (has_path) made.places_.push_back(made.base_);
    made.first_ = made.places_.front();
    return made;
}

bool service_url::try_next(http_client& client) {
    if (places_.size() > 1) {
        places_.pop_front();
        return true;
    }
    std::string told;
    if (!asked_) {
        asked_ = true;
        http_call call;
        call.url = base_ + "/api";
        if (const auto answer = client.perform(call)) told = prefix_of(*answer);
    }
    const bool is_new = !told.empty() && base_ + told != first_ && base_ + told != str();
    places_.front() = is_new ? base_ + told : first_;
    return is_new;
}

void service_url::settle() noexcept {
    asked_ = true;
    first_ = places_.front();
    places_.resize(1);
}

}  // namespace carillon::server
