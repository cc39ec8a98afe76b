#include "surfaces/topics/doctor_routes.hpp"

#include "base/base64url.hpp"
#include "base/json_text.hpp"
#include "transport/caller.hpp"
#include "transport/on_loop.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace carillon::surfaces {

namespace {

constexpr std::size_t max_name = 64;
constexpr std::size_t min_name = 16;  // nobody else's stream is guessed
constexpr std::size_t max_ping = 64;

bool is_name(std::string_view text) {
    return text.size() >= min_name && text.size() <= max_name &&
           text.find_first_not_of(base64url_alphabet) == std::string_view::npos;
}

std::string as_it_arrived(const http::request& r, std::chrono::milliseconds heartbeat) {
    std::string text = R"({"path":)";
    append_json_string(text, r.path);
    const auto add = [&](std::string_view name, std::string_view value) {
        text += fmt::format(R"(,"{}":)", name);
        append_json_string(text, value);
    };
    add("host", r.header_value("Host").value_or(""));
    add("client", r.client.str());
    add("peer", r.peer.str());
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    text += fmt::format(
        R"(,"forwarded":{},"http10":{},"time":{},"heartbeat":{}}})", r.forwarded, r.http10,
        std::chrono::duration_cast<std::chrono::milliseconds>(now).count(), heartbeat.count());
    return text;
}

}  // namespace

void doctor_routes::examine(http::request& r, const principal& who, http::responder answer) {
    if (public_.empty() && who.is_anonymous() && !transport::is_admin(who)) {
        return answer.send(
            error{errc::unauthenticated, "no topic is public here: say who you are with a token"});
    }
    const std::string& name = r.path_rest.front();
    if (!is_name(name)) {
        return answer.send(
            error{errc::invalid_request,
                  fmt::format("the name after `$doctor` has {} to {} characters of base64url",
                              min_name, max_name)});
    }
    topic where = topic::parse("$doctor/" + name).value();
    const auto ping = r.query_value("ping");
    if (!ping) {
        stream_request asked;
        asked.profile = &profile_;
        asked.envelope = profile_.envelope;
        asked.rooms.push_back(std::move(where));
        return streams_.open(r, std::move(answer), std::move(asked));
    }
    event e;
    e.ephemeral = true;
    e.data = ping->substr(0, max_ping);
    audience to;
    to.rooms.push_back(std::move(where));
    hub_.publish(
        {std::move(e)}, std::move(to), std::nullopt,
        transport::on_loop_of(std::move(answer),
                              [text = as_it_arrived(r, profile_.heartbeat_interval)](
                                  http::responder& at, const result<std::vector<published>>& done) {
                                  if (!done) return at.send(done.error());
                                  at.send(http::json_response(200, text));
                              }));
}

}  // namespace carillon::surfaces
