#include "server/pages.hpp"

#include "http/accept_encoding.hpp"
#include "http/text.hpp"
#include "transport/rules.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace carillon::server {

namespace {

using transport::route;

constexpr std::string_view html = "text/html; charset=utf-8";

/// Nothing from elsewhere, no script or style in a page's own text, and no text that becomes markup
/// (Trusted Types): what events, topics and names carry stays text.
constexpr std::string_view policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src "
    "'self'; "
    "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
/// Of the plain page, which is one file.
constexpr std::string_view plain_policy =
    "default-src 'self'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

struct body {
    std::string_view bytes;
    std::string_view coding;  ///< empty: as it is
};

body best_of(const page_file& file, std::string_view accepted) {
    std::vector<content_coding> made;
    if (!file.brotli.empty()) made.push_back(content_coding::br);
    if (!file.gzip.empty()) made.push_back(content_coding::gzip);
    switch (http::preferred_coding(accepted, made)) {
        case content_coding::br:
            return {file.brotli, "br"};
        case content_coding::gzip:
            return {file.gzip, "gzip"};
        default:
            return {file.plain, {}};
    }
}

bool is_known(std::string_view known, std::string_view etag) {
    while (!known.empty()) {
        std::string_view one = http::trim(http::next_part(known, ','));
        if (one == "*") return true;
        if (one.starts_with("W/")) one.remove_prefix(2);
        if (one == etag) return true;
    }
    return false;
}

/// `forever`: the name changes with the content.
http::response answer_of(const page_file& file, const http::request& r, bool forever) {
    const body best = best_of(file, r.header_value("Accept-Encoding").value_or(""));
    // A strong tag differs with the coding (RFC 9110, 8.8.3.3).
    const std::string etag = best.coding.empty() ? fmt::format("\"{}\"", file.etag)
                                                 : fmt::format("\"{}-{}\"", file.etag, best.coding);
    http::response answer{200, {{"ETag", etag}, {"Vary", "Accept-Encoding"}}, {}};
    answer.headers.emplace_back("Cache-Control",
                                forever ? "public, max-age=31536000, immutable" : "no-cache");
    answer.headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
    if (file.type == html) {
        answer.headers.emplace_back("Content-Security-Policy", policy);
        answer.headers.emplace_back("Referrer-Policy", "no-referrer");
        answer.headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
        answer.headers.emplace_back("Permissions-Policy",
                                    "camera=(), microphone=(), geolocation=()");
    }
    if (is_known(r.header_value("If-None-Match").value_or(""), etag)) {
        answer.status = 304;
        return answer;
    }
    answer.headers.emplace_back("Content-Type", file.type);
    if (!best.coding.empty()) answer.headers.emplace_back("Content-Encoding", best.coding);
    answer.body = best.bytes;
    return answer;
}

http::response plain_answer() {
    return {200,
            {{"Content-Type", std::string(html)},
             {"Cache-Control", "no-cache"},
             {"Referrer-Policy", "no-referrer"},
             {"Content-Security-Policy", std::string(plain_policy)}},
            std::string(start_page())};
}

/// The document of all pages, for an address where there is none: its script says so.
http::response no_page(const page_file& file, const http::request& r) {
    http::response answer = answer_of(file, r, false);
    if (answer.status == 304) return answer;
    answer.status = 404;
    std::erase_if(answer.headers, [](const auto& header) { return header.first == "ETag"; });
    return answer;
}

/// All pages are one document, whose script looks at the address. `path` ends in `{page...}` where
/// there are some below it.
route page(const page_pack& pack, std::string path, std::string_view summary) {
    const bool has_plain = path == "/";
    const std::string below = path.substr(0, path.find('{'));
    const bool is_above = below.size() < path.size();
    std::vector<transport::route_answer> answers{{200, html, "the page"}};
    if (is_above) answers.push_back({404, html, "there is no such page"});
    return {
        .method = "GET",
        .path = std::move(path),
        .summary = summary,
        .who = transport::rules::open,
        .answers = std::move(answers),
        .handle =
            [&pack, has_plain, is_above, below](http::request& r, const principal&,
                                                http::responder answer) {
                const page_file* const file = pack.find("/index.html");
                if (file == nullptr && has_plain) return answer.send(plain_answer());
                if (file == nullptr)
                    return answer.send({errc::disabled, "this server was built without its pages"});
                if (is_above && !pack.has_page(below + r.path_rest.front()))
                    return answer.send(no_page(*file, r));
                answer.send(answer_of(*file, r, false));
            },
        .any_page = true};
}

route asset(const page_pack& pack) {
    return {.method = "GET",
            .path = "/assets/{file}",
            .summary = "a file of the pages",
            .who = transport::rules::open,
            .answers = {{200, "*/*", "the file"}},
            .handle =
                [&pack](http::request& r, const principal&, http::responder answer) {
                    const page_file* const file = pack.find("/assets/" + r.path_rest.front());
                    if (file != nullptr) return answer.send(answer_of(*file, r, true));
                    answer.send({errc::not_found, "the pages have no such file"});
                },
            .any_page = true};
}

}  // namespace

std::vector<route> demonstration_routes(const page_pack& pack) {
    return {page(pack, "/", "a page to try things out"),
            page(pack, "/home", "the demo of system D"), page(pack, "/guides", "the guides"),
            page(pack, "/guides/{page...}", "one guide"),
            page(pack, "/reference", "the interface, to read and to try")};
}

std::vector<route> console_routes(const page_pack& pack) {
    return {page(pack, "/console", "what the hub does"),
            page(pack, "/console/{page...}", "a part of it"), asset(pack)};
}

}  // namespace carillon::server
