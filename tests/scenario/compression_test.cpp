// Compressed streams and answers of the real server, read by clients that people use.
#include "support/decoder.hpp"
#include "support/running_proxy.hpp"
#include "support/running_server.hpp"

#include <charconv>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string list(int number) {
    std::string text = "[" + std::to_string(number);
    for (int i = 0; i < 60; ++i) text += R"(,{"name":"item","price":)" + std::to_string(i) + "}";
    return text + "]";
}

/// The content of all chunks that are complete.
std::string unchunked(std::string_view body) {
    std::string content;
    for (;;) {
        const std::size_t line = body.find("\r\n");
        if (line == std::string_view::npos) return content;
        std::size_t size = 0;
        std::from_chars(body.data(), body.data() + line, size, 16);
        if (size == 0 || body.size() < line + 2 + size) return content;
        content += body.substr(line + 2, size);
        body.remove_prefix(std::min(line + 2 + size + 2, body.size()));
    }
}

/// A subscriber that takes a coding.
class coded_client {
public:
    coded_client(std::uint16_t port, std::string_view path, content_coding c)
        : client_(port), coding_(c) {
        client_.send("GET " + std::string(path) +
                     " HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n"
                     "Accept-Encoding: " +
                     std::string(to_string(c)) + "\r\n\r\n");
    }
    /// Reads until all that it has decoded contains `text`.
    bool reads(std::string_view text) {
        for (;;) {
            if (decoded().contains(text)) return true;
            const std::string more = client_.receive();
            if (failed || more.empty()) return false;
            seen_ += more;
        }
    }
    std::string head() const { return seen_.substr(0, seen_.find("\r\n\r\n")); }
    std::string decoded() {
        const std::size_t head_end = seen_.find("\r\n\r\n");
        if (head_end == std::string::npos) return {};
        decoder d(coding_);
        d.feed(unchunked(std::string_view(seen_).substr(head_end + 4)));
        failed = d.failed();
        ended = d.ended();
        return d.text;
    }

    bool failed = false;
    bool ended = false;

private:
    raw_client client_;
    std::string seen_;
    content_coding coding_;
};

TEST(compression, of_streams_is_off_unless_it_is_switched_on) {
    const running_server plain;
    coded_client as_it_is(plain.port(), "/events/subscribe/a", content_coding::gzip);
    plain.publish("a", "1");
    EXPECT_FALSE(as_it_is.reads("data: 1")) << "it is no gzip, and cannot be decoded";
    EXPECT_THAT(as_it_is.head(), Not(HasSubstr("Content-Encoding")));
}

TEST(compression, streams_are_read_by_whoever_joins_when) {
    const running_server s({"--stream.compression", "on", "--http.codings", "br,gzip,zstd"});
    std::vector<std::unique_ptr<coded_client>> clients;
    for (const auto c : {content_coding::gzip, content_coding::br, content_coding::zstd}) {
        for (int round = 0; round < 3; ++round) {
            s.publish("a", list(round));
            clients.push_back(std::make_unique<coded_client>(s.port(), "/events/subscribe/a", c));
            ASSERT_TRUE(clients.back()->reads("carillon.open"));
            EXPECT_THAT(clients.back()->head(),
                        HasSubstr("Content-Encoding: " + std::string(to_string(c)) + "\r\n"));
            EXPECT_THAT(clients.back()->head(), HasSubstr("Vary: Accept-Encoding"));
        }
    }
    s.publish("a", list(77));
    for (const auto& c : clients) {
        EXPECT_TRUE(c->reads("data: " + list(77) + "\n\n"));
        EXPECT_FALSE(c->failed);
    }
    EXPECT_TRUE(s.shows("/metrics", "carillon_compressed_bytes_total"));
}

TEST(compression, head_says_what_get_would) {
    const running_server s({"--stream.compression", "on"});
    for (const char* path : {"/events/subscribe/a", "/openapi.json"}) {
        const auto ask = [&](const char* method) {
            raw_client c(s.port());
            c.send(std::string(method) + " " + path +
                   " HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n");
            c.read_until("\r\n\r\n");
            return c.seen().substr(0, c.seen().find("\r\n\r\n"));
        };
        for (const char* field : {"Content-Encoding: gzip", "Vary: Accept-Encoding"}) {
            EXPECT_THAT(ask("HEAD"), HasSubstr(field)) << path;
            EXPECT_THAT(ask("GET"), HasSubstr(field)) << path;
        }
    }
}

/// What a command prints, without the comments that fill Brotli's window.
std::string printed(const strings& command) {
    process p(command);
    p.wait();
    std::string text = p.output();
    return text.substr(std::min(text.find_first_not_of(": \n"), text.size()));
}

TEST(compression, clients_of_all_kinds_read_a_stream_to_its_valid_end) {
    const running_server s({"--stream.compression", "on"});
    const answer made = s.request("POST", "/events/streams");
    const std::string path = "/events/streams/" + json_value(made.body, "stream");
    for (int i = 0; i < 20; ++i) s.request("POST", path, "{\"data\":" + list(i) + "}", json_type);
    EXPECT_EQ(s.request("POST", path + "/close").status, 200);
    const std::string url = s.url() + path;
    const std::string events = "data: " + list(19);
    const auto is_whole = [&](const std::string& text) {
        return text.contains(events) && text.contains("carillon.end") &&
               text.contains("carillon.close");
    };
    for (const char* coding : {"identity", "gzip", "br"}) {
        EXPECT_TRUE(is_whole(printed({"/usr/bin/curl", "-sSf", "--compressed", "-H",
                                      std::string("Accept-Encoding: ") + coding, url})))
            << coding;
        coded_client c(s.port(), path, *parse_content_coding(coding));
        EXPECT_TRUE(c.reads("carillon.close"));
    }
    EXPECT_TRUE(
        is_whole(printed({"/usr/bin/python3", "-c",
                          "import sys,zlib,urllib.request as u\n"
                          "r=u.urlopen(u.Request(sys.argv[1],headers={'Accept-Encoding':'gzip'}))\n"
                          "assert r.headers['Content-Encoding']=='gzip'\n"
                          "d=zlib.decompressobj(31)\n"
                          "t=d.decompress(r.read())+d.flush()\n"
                          "assert d.eof and not d.unused_data\n"
                          "sys.stdout.write(t.decode())",
                          url})));
}

/// Whether nginx has it of its own, or passes on what the hub has made.
TEST(compression, of_a_stream_that_ends_is_whole_behind_nginx_with_and_without_its_own_gzip) {
    const char* const own_gzip =
        "gzip on; gzip_types text/event-stream application/json; gzip_proxied any;";
    for (const char* in_hub : {"off", "on"}) {
        const running_server s({"--stream.compression", in_hub, "--auth.mode", "none",
                                "--http.trusted_proxies", "127.0.0.1"});
        const answer made = s.request("POST", "/events/streams");
        const std::string path = "/events/streams/" + json_value(made.body, "stream");
        for (int i = 0; i < 20; ++i)
            s.request("POST", path, "{\"data\":" + list(i) + "}", json_type);
        EXPECT_EQ(s.request("POST", path + "/close").status, 200);
        for (const char* in_nginx : {"gzip off;", own_gzip}) {
            const running_proxy nginx(proxy_kind::nginx, s.port(), {{"gzip off;", in_nginx}});
            const bool coded = in_hub == std::string_view("on") || in_nginx == own_gzip;
            const std::string text = printed(
                {"/usr/bin/python3", "-c",
                 "import sys,zlib,urllib.request as u\n"
                 "r=u.urlopen(u.Request(sys.argv[1],headers={'Accept-Encoding':'gzip'}))\n"
                 "assert (r.headers['Content-Encoding']=='gzip')==(sys.argv[2]=='1')\n"
                 "t=r.read()\n"
                 "if sys.argv[2]=='1':\n"
                 "  d=zlib.decompressobj(31)\n"
                 "  t=d.decompress(t)+d.flush()\n"
                 "  assert d.eof and not d.unused_data\n"
                 "sys.stdout.write(t.decode())",
                 "http://localhost:" + std::to_string(nginx.port()) + path, coded ? "1" : "0"});
            for (int i = 0; i < 20; ++i)
                EXPECT_THAT(text, HasSubstr("data: " + list(i) + "\n")) << in_hub << in_nginx;
            EXPECT_THAT(text, HasSubstr("carillon.close"));
        }
    }
}

TEST(compression, passes_nginx_at_once) {
    const running_server s({"--stream.compression", "on", "--auth.mode", "none",
                            "--http.trusted_proxies", "127.0.0.1"});
    const running_proxy nginx(proxy_kind::nginx, s.port());
    for (const auto c : {content_coding::gzip, content_coding::br}) {
        coded_client client(nginx.port(), "/events/subscribe/a", c);
        ASSERT_TRUE(client.reads("carillon.open"));
        for (int i = 0; i < 3; ++i) {
            s.publish("a", list(i));
            EXPECT_TRUE(client.reads("data: " + list(i) + "\n\n"));
        }
        EXPECT_THAT(client.head(), HasSubstr("Content-Encoding: " + std::string(to_string(c))));
    }
}

}  // namespace
}  // namespace carillon::testing
