#include "http/compression.hpp"

#include "http/accept_encoding.hpp"
#include "http/test_server.hpp"
#include "support/decoder.hpp"

#include <array>

#include <gtest/gtest.h>

namespace carillon::http {
namespace {

constexpr std::array both{content_coding::br, content_coding::gzip};

TEST(preferred_coding, reads_accept_encoding_in_all_its_forms) {
    const auto of = [](std::optional<std::string_view> text) {
        return preferred_coding(text, both);
    };
    using enum content_coding;
    EXPECT_EQ(of(std::nullopt), identity);
    for (const char* none :
         {"", " ", "identity", "deflate", "zstd", "gzip;q=0", "br;q=0.000, gzip;q=0", "*;q=0",
          "identity;q=1, gzip;q=0.5", "identity, br;q=0.9, *;q=0.1", ",,,", ";q=1", "gzi", "gzipp"})
        EXPECT_EQ(of(none), identity) << none;
    for (const char* brotli : {"br", "BR", "gzip, deflate, br, zstd", "gzip, br", "*", "*;q=0.001",
                               "gzip;q=0.5, *", "br;q=1.0, gzip;q=1.0", " br ; q=0.3 ,gzip;q=0.2",
                               "identity;q=0.5, br;q=0.5", "br;q=broken, gzip;q=0.9"})
        EXPECT_EQ(of(brotli), br) << brotli;
    for (const char* zip : {"gzip", "x-gzip", "GZip", "gzip, deflate", "gzip;q=0.001",
                            "br;q=0, gzip", "br;q=0.8, gzip;q=0.9", "br;q=0, *", "\tgzip\t",
                            "gzip;Q=0.5, br;Q=0.4", "identity;q=0, gzip", "br;q=0.1,, gzip;q=0.2"})
        EXPECT_EQ(of(zip), gzip) << zip;
    EXPECT_EQ(preferred_coding("gzip, br", {}), identity);
    EXPECT_EQ(preferred_coding("zstd, gzip;q=0.5", std::array{gzip, zstd}), zstd);
}

response json(std::size_t size) { return json_response(200, std::string(size, '1')); }

std::string value_of(const response& r, std::string_view name) {
    for (const header& h : r.headers)
        if (h.first == name) return h.second;
    return {};
}

compression_rules rules() {
    compression_rules r;
    r.codings.assign(both.begin(), both.end());
    r.min_size = 1024;
    return r;
}

TEST(compress, takes_text_from_a_size_on) {
    for (const auto c : {content_coding::gzip, content_coding::br, content_coding::zstd}) {
        for (const std::size_t size : {std::size_t{1024}, max_compressed_answer}) {
            response r = json(size);
            compress(r, c, rules());
            EXPECT_EQ(value_of(r, "Content-Encoding"), to_string(c));
            EXPECT_EQ(value_of(r, "Vary"), "Accept-Encoding");
            testing::decoder d(c);
            d.feed(r.body);
            EXPECT_FALSE(d.failed());
            EXPECT_EQ(d.text.size(), size);
        }
        for (const std::size_t size : {std::size_t{1023}, max_compressed_answer + 1}) {
            response r = json(size);
            compress(r, c, rules());
            EXPECT_EQ(r.body.size(), size);
            EXPECT_EQ(value_of(r, "Content-Encoding"), "");
        }
    }
}

TEST(compress, says_that_others_get_another_coding) {
    response r = json(2000);
    compress(r, content_coding::identity, rules());
    EXPECT_EQ(value_of(r, "Vary"), "Accept-Encoding");
    EXPECT_EQ(value_of(r, "Content-Encoding"), "");
}

TEST(compress, leaves_alone_what_must_not_be_changed) {
    for (const header& h :
         {header{"Cache-Control", "no-store"}, header{"Cache-Control", "no-transform"},
          header{"Set-Cookie", "a=b"}, header{"ETag", "\"1\""}, header{"Content-Encoding", "br"},
          header{"Content-Range", "bytes 0-1/2"}}) {
        response r = json(2000);
        r.headers.push_back(h);
        compress(r, content_coding::gzip, rules());
        EXPECT_EQ(r.body.size(), 2000U) << h.first;
    }
    response image{200, {{"Content-Type", "image/png"}}, std::string(2000, 'x')};
    compress(image, content_coding::gzip, rules());
    EXPECT_EQ(image.body.size(), 2000U);
    response off = json(2000);
    compress(off, content_coding::gzip, {});
    EXPECT_EQ(off.body.size(), 2000U);
}

class compressing_server {
public:
    compressing_server()
        : server_(
              [](router& routes) {
                  routes.add("GET", "/json", [](request&, responder r) { r.send(json(5000)); });
                  routes.add("GET", "/everyone", [](request&, responder r) {
                      response open = json(5000);
                      open.for_everyone = true;
                      r.send(std::move(open));
                  });
              },
              options()) {}
    test_client::reply ask(std::string_view path, std::string_view fields) {
        test_client c(server_);
        return c.send(get(path, fields)).read();
    }

private:
    static server_options options() {
        server_options o = test_server::defaults();
        o.compression = rules();
        o.compression.credentials.emplace_back("X-Session");
        return o;
    }
    test_server server_;
};

TEST(compression, is_for_those_who_take_it) {
    compressing_server s;
    EXPECT_LT(s.ask("/json", "Accept-Encoding: gzip\r\n").body.size(), 200U);
    EXPECT_EQ(s.ask("/json", "").body.size(), 5000U);
    EXPECT_EQ(s.ask("/json", "Accept-Encoding: gzip;q=0\r\n").body.size(), 5000U);
}

TEST(compression, is_not_for_answers_to_those_who_say_who_they_are) {
    compressing_server s;
    const std::string takes = "Accept-Encoding: br, gzip\r\n";
    for (const char* who : {"Authorization: Bearer x\r\n", "cookie: a=b\r\n", "x-session: 1\r\n"}) {
        EXPECT_EQ(s.ask("/json", takes + who).body.size(), 5000U) << who;
        EXPECT_LT(s.ask("/everyone", takes + who).body.size(), 200U) << who;
    }
    for (const char* query : {"?token=1", "?a=b&ticket=1", "?access_token=1"})
        EXPECT_EQ(s.ask(std::string("/json") + query, takes).body.size(), 5000U) << query;
}

}  // namespace
}  // namespace carillon::http
