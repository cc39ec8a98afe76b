#include "http/request_head.hpp"

#include "http/authority.hpp"
#include "http/text.hpp"

#include <algorithm>

// The only file that sees Beast: its headers take seconds to compile.
#include <boost/beast/http/basic_parser.hpp>

namespace carillon::http {

namespace {

namespace beast = boost::beast;
using beast::http::field;

constexpr int absent = -1;

/// Collects what Beast finds. Beast itself takes several spellings of a body's length;
/// `check_framing` does not.
class head_parser final : public beast::http::basic_parser<true> {
public:
    explicit head_parser(request& into) : request_(into) {
        // The body is not Beast's business: it is decoded as it arrives, and cut off when it is too
        // long.
        skip(true);
        body_limit(boost::none);
        header_limit(std::numeric_limits<std::uint32_t>::max());
    }

    std::size_t fields = 0;
    int hosts = 0;
    int lengths = 0;
    int codings = 0;
    int host = absent;
    int origin = absent;
    int length = absent;
    int coding = absent;
    int expect = absent;
    int fetch_site = absent;

private:
    using view = beast::string_view;

    void on_request_impl(beast::http::verb, view method, view target, int version,
                         beast::error_code&) override {
        request_.method.assign(method.data(), method.size());
        request_.path.assign(target.data(), target.size());
        request_.http10 = version == 10;
    }

    void on_field_impl(field name, view name_text, view value, beast::error_code& failed) override {
        if (fields == max_header_fields) {
            failed = beast::http::error::header_limit;
            return;
        }
        if (fields == request_.headers.size()) request_.headers.emplace_back();
        header& h = request_.headers[fields];
        h.first.assign(name_text.data(), name_text.size());
        h.second.assign(value.data(), value.size());
        note(name, h.first, static_cast<int>(fields));
        ++fields;
    }

    void note(field name, std::string_view name_text, int at) {
        switch (name) {
            case field::host:
                host = at;
                ++hosts;
                break;
            case field::content_length:
                length = at;
                ++lengths;
                break;
            case field::transfer_encoding:
                coding = at;
                ++codings;
                break;
            case field::origin:
                origin = at;
                break;
            case field::expect:
                expect = at;
                break;
            case field::via:
            case field::forwarded:
                request_.forwarded = true;
                break;
            default:
                if (istarts_with(name_text, "x-forwarded-") || iequals(name_text, "x-real-ip"))
                    request_.forwarded = true;
                if (iequals(name_text, "sec-fetch-site")) fetch_site = at;
        }
    }

    void on_header_impl(beast::error_code&) override {}
    void on_finish_impl(beast::error_code&) override {}
    void on_response_impl(int, view, int, beast::error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}
    std::size_t on_body_impl(view, beast::error_code&) override { return 0; }
    void on_chunk_header_impl(std::uint64_t, view, beast::error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, view, beast::error_code&) override { return 0; }

    request& request_;
};

/// True if the request line ends as "HTTP/3.0" or "HTTP/2" do: another version rather than
/// nonsense.
bool names_other_version(std::string_view head) noexcept {
    const std::string_view line = head.substr(0, head.find('\r'));
    std::string_view version = line.substr(std::min(line.rfind(' '), line.size() - 1) + 1);
    if (!version.starts_with("HTTP/")) return false;
    version.remove_prefix(5);
    const bool digits =
        !version.empty() && is_digit(version[0]) &&
        (version.size() == 1 || (version.size() == 3 && version[1] == '.' && is_digit(version[2])));
    return digits && version != "1.0" && version != "1.1";
}

refusal explain(const beast::error_code& failed, std::string_view head) {
    using beast::http::error;
    if (failed == error::header_limit) {
        return refuse(errc::headers_too_large, "more than 128 header fields").error();
    }
    if (failed == error::bad_version && names_other_version(head)) {
        return refuse(errc::version_not_supported, "this server speaks HTTP/1.1 and HTTP/1.0")
            .error();
    }
    if (failed == error::bad_content_length || failed == error::multiple_content_length) {
        return refuse(errc::invalid_request, "malformed or repeated Content-Length").error();
    }
    if (failed == error::bad_transfer_encoding) {
        return refuse(errc::invalid_request, "Transfer-Encoding is ambiguous").error();
    }
    if (failed == error::bad_field || failed == error::bad_value) {
        return refuse(errc::invalid_request, "malformed header field").error();
    }
    return refuse(errc::invalid_request, "malformed request line").error();
}

/// Codings that exist, but are not undone here: 501 tells an honest client what is wrong (RFC
/// 9112, 6.1).
bool is_known_coding_list(std::string_view value) noexcept {
    if (value.empty() || value.ends_with(',')) return false;
    bool last_chunked = false;
    while (!value.empty()) {
        if (last_chunked) return false;
        const std::string_view coding = trim(next_part(value, ','));
        last_chunked = iequals(coding, "chunked");
        const bool known = last_chunked || iequals(coding, "gzip") || iequals(coding, "x-gzip") ||
                           iequals(coding, "deflate") || iequals(coding, "compress") ||
                           iequals(coding, "x-compress");
        if (!known) return false;
    }
    return true;
}

/// Two parties that disagree on where a request ends can be made to see different requests. So
/// there is one spelling.
std::expected<void, refusal> check_framing(const head_parser& parsed, const request& r,
                                           request_head& head) {
    if (parsed.codings > 0) {
        if (r.http10) return refuse(errc::invalid_request, "Transfer-Encoding in HTTP/1.0");
        if (parsed.lengths > 0 || parsed.codings > 1) {
            return refuse(errc::invalid_request, "Transfer-Encoding is ambiguous");
        }
        const std::string_view coding = r.headers[static_cast<std::size_t>(parsed.coding)].second;
        head.chunked = iequals(coding, "chunked");
        if (!head.chunked && is_known_coding_list(coding)) {
            return refuse(errc::not_implemented, "of the transfer codings, only chunked is read");
        }
        if (!head.chunked) return refuse(errc::invalid_request, "malformed Transfer-Encoding");
    }
    if (parsed.lengths == 0) return {};
    const std::string_view digits = r.headers[static_cast<std::size_t>(parsed.length)].second;
    constexpr std::size_t most_digits = 19;  // fits 64 bits
    if (parsed.lengths > 1 || digits.empty() || digits.size() > most_digits ||
        !std::ranges::all_of(digits, is_digit)) {
        return refuse(errc::invalid_request, "malformed or repeated Content-Length");
    }
    std::uint64_t length = 0;
    for (const char c : digits) length = length * 10 + static_cast<std::uint64_t>(c - '0');
    head.length = length;
    return {};
}

std::expected<void, refusal> check_host(const head_parser& parsed, const request_head& head,
                                        const request& r) {
    if (parsed.hosts > 1) return refuse(errc::invalid_request, "more than one Host");
    if (parsed.hosts == 0 && !r.http10) return refuse(errc::invalid_request, "Host is missing");
    if (head.host && !parse_authority(*head.host)) {
        return refuse(errc::invalid_request, "malformed Host");
    }
    return {};
}

/// Takes the target in `r.path` apart into path and query (RFC 9112, 3.2).
std::expected<void, refusal> split_target(request& r, const request_head& head) {
    if (r.method == "CONNECT" || r.method == "TRACE") {
        return refuse(errc::not_implemented, "this server knows no such method");
    }
    if (r.path.contains('#')) {
        return refuse(errc::invalid_request, "a fragment in the request target");
    }
    if (istarts_with(r.path, "http://") || istarts_with(r.path, "https://")) {
        const std::size_t start = r.path.find("//") + 2;
        const std::size_t end = std::min(r.path.find_first_of("/?", start), r.path.size());
        const std::string_view named = std::string_view(r.path).substr(start, end - start);
        if (!parse_authority(named) || named.empty() ||
            !iequals(named, head.host.value_or(named))) {
            return refuse(errc::invalid_request, "the target and Host name different servers");
        }
        r.path.erase(0, end);
        if (!r.path.starts_with('/')) r.path.insert(0, 1, '/');
    }
    if (r.path == "*" ? r.method != "OPTIONS" : !r.path.starts_with('/')) {
        return refuse(errc::invalid_request, "malformed request target");
    }
    if (const std::size_t mark = r.path.find('?'); mark != std::string::npos) {
        r.query.assign(r.path, mark + 1);
        r.path.resize(mark);
    }
    return {};
}

}  // namespace

std::expected<request_head, refusal> parse_head(std::string_view head, request& into) {
    into.head = false;
    into.query.clear();
    into.forwarded = false;
    head_parser parser(into);
    beast::error_code failed;
    parser.put(boost::asio::const_buffer(head.data(), head.size()), failed);
    if (failed) return std::unexpected(explain(failed, head));
    into.headers.resize(parser.fields);

    const auto value = [&](int at) -> std::optional<std::string_view> {
        if (at == absent) return std::nullopt;
        return into.headers[static_cast<std::size_t>(at)].second;
    };
    request_head found;
    found.host = value(parser.host);
    found.origin = value(parser.origin);
    found.fetch_site = value(parser.fetch_site);
    found.keep_alive = parser.keep_alive();
    if (const auto expect = value(parser.expect); expect && !into.http10) {
        using enum request_head::expectation;
        found.expects = iequals(*expect, "100-continue") ? go_ahead : unknown;
    }
    if (const auto framing = check_framing(parser, into, found); !framing) {
        return std::unexpected(framing.error());
    }
    if (const auto host = check_host(parser, found, into); !host) {
        return std::unexpected(host.error());
    }
    if (const auto target = split_target(into, found); !target) {
        return std::unexpected(target.error());
    }
    return found;
}

}  // namespace carillon::http
