// Routes as data: their callers, what they take and answer, and what runs.
#pragma once

#include <carillon/hub/principal.hpp>

#include "http/server.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::transport {

/// What a caller has to be, from the laxest to the strictest.
enum class access : std::uint8_t {
    none,           ///< credentials are not even looked at
    optional,       ///< anybody; credentials that are there must be right
    user,           ///< somebody
    verified_user,  ///< somebody, by credentials that not anybody can make
    owner,          ///< somebody; the handler sees to it that a client or record is their own
    publisher,      ///< with the role `publisher` or `admin`, or grants to publish
    sender,         ///< the same, but only a grant to publish under all topics counts
    admin,          ///< with the role `admin`
};

std::string_view to_string(access a) noexcept;

/// For calls of a developer on their own machine, and for all others.
struct access_rule {
    access locally = access::none;
    access otherwise = access::admin;
};

/// What a value may be, in the words of JSON Schema's types.
enum class form : std::uint8_t {
    text,
    whole_number,
    flag,
    texts,
    whole_numbers,
    object,
    objects,
    any
};

/// A member of a body or of an event's data, or a parameter of a query, as the server's
/// descriptions tell it.
struct described_field {
    std::string_view name;
    form is = form::text;
    std::string_view meaning{};
    bool needed = false;
};

/// An event that a stream may bring.
struct described_event {
    std::string_view title;                 ///< of the kind of event, unique in its stream
    std::string_view name{};                ///< of the event; empty: the browser's "message"
    std::string_view meaning{};             ///< in a few words
    std::vector<described_field> fields{};  ///< of the JSON object in its data; empty: any data
};

/// What the body of a request may be. Types are as in `http::route_rules`.
struct body_rule {
    bool needed = false;
    std::vector<std::string_view> whole{};     ///< types that the handler gets, read to the end
    std::vector<std::string_view> streamed{};  ///< types that the upload gets as they arrive
    std::vector<described_field> fields{};     ///< of a JSON object; empty: any JSON
    bool open = false;                         ///< other members are taken too
    bool many = false;                         ///< an array of such objects is taken too
};

/// What a route says when all goes well.
struct route_answer {
    int status = 200;
    std::string_view type{};                ///< its content type; empty: no body
    std::string_view meaning{};             ///< in a few words
    std::vector<described_field> fields{};  ///< of a JSON object; empty: any JSON
    bool many = false;                      ///< or an array of such objects
};

/// Runs on the request's loop. The principal holds until it returns.
using route_handler = std::function<void(http::request&, const principal&, http::responder)>;
/// The same for bodies that are read as they arrive. Takes the responder; null: it has answered.
using route_upload = std::function<std::unique_ptr<http::upload>(
    http::request&, const principal&, http::responder, http::upload_control)>;
/// Answers a caller who is not let in.
using route_refusal = std::function<void(const http::request&, http::responder, const error&)>;

/// A value; everything that the server answers is in a list of these.
struct route {
    std::string method;  ///< "GET" answers HEAD as well
    std::string path;    ///< a pattern of `http::router`
    std::string_view summary{};
    access_rule who{};
    body_rule takes{};
    bool repeatable = false;  ///< takes `Idempotency-Key`: a repetition stores nothing more
    std::vector<described_field> query{};
    std::vector<route_answer> answers{};
    std::vector<described_event> events{};  ///< of a stream
    route_handler handle{};
    route_upload upload{};   ///< for `takes.streamed`
    route_refusal refuse{};  ///< empty: with the problem document of the error
    bool any_host = false;   ///< answers whatever `Host` says
    bool any_page = false;   ///< may be read by pages of all sites
};

/// The same routes, each answering 404 `DISABLED` with `detail` to everybody.
std::vector<route> switched_off(std::vector<route> routes, std::string_view detail);

}  // namespace carillon::transport
