// The HTTP front: bytes from the network until a request is understood or refused. The same bytes
// are read whole and in pieces, whose sizes come from the input too: both must come to the same
// requests and the same refusal.
#include "http/access.hpp"
#include "http/request_reader.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace carillon::http;

const limits bounds = {.max_target_size = 256, .max_head_size = 1024, .max_body_size = 4096};

const access_rules rules = {.allowed_hosts = {"localhost", "*.example.com"},
                            .allowed_networks = {},
                            .cors_origins = {"https://*.example.net"},
                            .cors_credentials = true,
                            .trusted_proxies = {*carillon::net::ip_network::parse("::/0")}};

void require(bool holds) {
    if (!holds) std::abort();
}

/// Everything that was understood, in one string that two readings can be compared by.
class reading {
public:
    /// False when the connection would be closed.
    bool feed(std::string_view in) {
        while (open_) {
            const std::size_t before = in.size();
            if (in_body_) {
                read_body(in);
            } else {
                read_head(in);
            }
            if (in.empty() || (in.size() == before && !in_body_)) break;
        }
        return open_;
    }

    const std::string& told() const noexcept { return told_; }

private:
    void read_head(std::string_view& in) {
        const auto head = reader_.next_head(in, bounds, request_);
        if (!head) return refuse(head.error());
        if (!*head) return;
        told_ += request_.method + " " + request_.path + "?" + request_.query + "\n";
        for (const header& h : request_.headers) told_ += h.first + ": " + h.second + "\n";
        require(!request_.path.empty() && (request_.path[0] == '/' || request_.path == "*"));
        require(request_.headers.size() <= max_header_fields);
        require((*head)->host.has_value() || request_.http10);
        require(!(*head)->chunked || !(*head)->length);
        check(**head);
        in_body_ = true;
        read_body(in);
    }

    void check(const request_head& head) {
        const auto allowed = check_access(rules, {}, request_, head);
        told_ += allowed ? "allowed\n" : allowed.error().detail + "\n";
        const std::string lines = cors_lines(rules, head.origin);
        require(lines.ends_with("\r\n"));
        told_ += lines;
        told_ += client_of(rules, request_, carillon::net::ip_address()).str();
        (void)request_.query_pairs();
        (void)percent_decode(request_.path);
        (void)accepts(request_.header_value("accept"), "text", "event-stream");
    }

    void read_body(std::string_view& in) {
        const auto piece = reader_.next_body(in, bounds);
        if (!piece) return refuse(piece.error());
        told_ += piece->data;
        in_body_ = !piece->end;
        if (piece->end) told_ += "\nend\n";
    }

    void refuse(const refusal& why) {
        told_ += "refused " + std::to_string(why.status) + " " + std::string(why.detail);
        require(why.status >= 400 && why.status < 600);
        open_ = false;
    }

    request_reader reader_;
    request request_;
    std::string told_;
    bool in_body_ = false;
    bool open_ = true;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 4) return 0;
    const std::string_view cuts(reinterpret_cast<const char*>(data), 4);
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 4, size - 4);

    reading whole;
    whole.feed(bytes);

    reading in_pieces;
    std::size_t at = 0;
    for (std::size_t turn = 0; at < bytes.size(); ++turn) {
        const auto cut = static_cast<std::uint8_t>(cuts[turn % cuts.size()]);
        // A copy of its own, so that reading beyond a piece is found.
        const std::string piece(bytes.substr(at, std::size_t{cut} % 64 + 1));
        at += piece.size();
        if (!in_pieces.feed(piece)) break;
    }
    require(whole.told() == in_pieces.told());
    return 0;
}
