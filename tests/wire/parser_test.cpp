#include <carillon/wire/encoder.hpp>
#include <carillon/wire/parser.hpp>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace carillon::wire {
namespace {

namespace json = boost::json;

/// What a stream said, as the corpus writes it.
struct transcript final : parser_listener {
    void on_event(const message& m) override {
        events.push_back(json::object{{"type", std::string(m.type)},
                                      {"data", std::string(m.data)},
                                      {"lastEventId", std::string(m.last_event_id)}});
    }
    void on_retry(std::chrono::milliseconds ms) override { retry = ms.count(); }
    void on_comment(std::string_view text) override {
        comments.push_back(json::value(std::string(text)));
    }
    json::object all() const {
        return {{"events", events}, {"retry", retry}, {"comments", comments}};
    }

    json::array events, comments;
    json::value retry = nullptr;
};

std::string slurp(const std::filesystem::path& path) {
    std::ostringstream out;
    out << std::ifstream(path, std::ios::binary).rdbuf();
    return out.str();
}

json::object parsed_in_pieces(std::string_view bytes, const std::vector<std::size_t>& cuts) {
    transcript t;
    parser p(t);
    std::size_t from = 0;
    for (const std::size_t cut : cuts) {
        EXPECT_TRUE(p.feed(bytes.substr(from, cut - from)));
        from = cut;
    }
    EXPECT_TRUE(p.feed(bytes.substr(from)));
    return t.all();
}

class corpus : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(corpus, reads_the_same_whatever_the_cuts) {
    const std::string bytes = slurp(GetParam());
    auto wanted_path = GetParam();
    const json::value wanted = json::parse(slurp(wanted_path.replace_extension(".json")));
    EXPECT_EQ(json::value(parsed_in_pieces(bytes, {})), wanted);
    std::vector<std::size_t> everywhere;
    for (std::size_t i = 1; i < bytes.size(); ++i) everywhere.push_back(i);
    EXPECT_EQ(json::value(parsed_in_pieces(bytes, everywhere)), wanted);
    for (std::size_t i = 0; i <= bytes.size() && bytes.size() < 4096; ++i) {
        ASSERT_EQ(json::value(parsed_in_pieces(bytes, {i})), wanted) << "cut at " << i;
    }
}

std::vector<std::filesystem::path> corpus_files() {
    std::vector<std::filesystem::path> files;
    for (const auto& entry :
         std::filesystem::directory_iterator(CARILLON_SOURCE_DIR "/tests/wire/corpus")) {
        if (entry.path().extension() == ".stream") files.push_back(entry.path());
    }
    std::ranges::sort(files);
    return files;
}

INSTANTIATE_TEST_SUITE_P(whatwg, corpus, ::testing::ValuesIn(corpus_files()),
                         [](const auto& chosen) {
                             std::string name = chosen.param.stem().string();
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

TEST(parser, refuses_an_event_beyond_its_limit_until_it_is_reset) {
    transcript t;
    parser p(t, {.max_event_size = 10});
    EXPECT_TRUE(p.feed("data:12345"));
    EXPECT_EQ(p.feed("6").error().code, errc::event_too_large);
    EXPECT_FALSE(p.feed("\n\n"));
    p.reset();
    EXPECT_TRUE(p.feed("data:12345\n\n"));
    EXPECT_EQ(t.events.size(), 1u);
}

TEST(parser, keeps_the_last_event_id_through_a_reset) {
    transcript t;
    parser p(t);
    ASSERT_TRUE(p.feed("id: 7\ndata: x\n\nid: 8\ndata: lost"));
    p.reset();
    EXPECT_EQ(p.last_event_id(), "7");
    ASSERT_TRUE(p.feed("data: y\n\n"));
    EXPECT_EQ(t.events.back().at("lastEventId"), "7");
}

TEST(encoder, writes_what_the_parser_reads_for_any_text) {
    std::mt19937 random(7);
    static constexpr std::string_view letters = "ab :\r\n\n\xC3\xA4";
    for (int round = 0; round < 3000; ++round) {
        std::string data;
        for (auto n = random() % 12; n > 0; --n) data += letters[random() % letters.size()];
        std::string stream;
        block b;
        const event_name name = *event_name::parse("x: y");
        b.comment = data;
        b.name = &name;
        b.data = data;
        append(stream, b, "abc.1");
        transcript t;
        parser p(t);
        ASSERT_TRUE(p.feed(stream));
        std::string normal;
        for (std::size_t i = 0; i < data.size(); ++i) {
            if (data[i] == '\n' && i > 0 && data[i - 1] == '\r') continue;
            normal += data[i] == '\r' ? '\n' : data[i];
        }
        ASSERT_EQ(t.events.size(), 1u) << stream;
        EXPECT_EQ(t.events[0].at("data"), json::value(normal));
        EXPECT_EQ(t.events[0].at("type"), "x: y");
        EXPECT_EQ(t.events[0].at("lastEventId"), "abc.1");
    }
}

TEST(fields, hold_nothing_that_would_break_a_stream) {
    EXPECT_TRUE(event_name::parse("tick"));
    EXPECT_TRUE(event_name::parse(std::string(256, 'x')));
    for (const std::string& bad :
         {std::string(), std::string("a\rb"), std::string("a\nb"), std::string("a\0b", 3),
          std::string("\xC0\xAF"), std::string(257, 'x')}) {
        EXPECT_FALSE(event_name::parse(bad));
    }
    EXPECT_TRUE(event_id::parse("aZ09._~-"));
    EXPECT_TRUE(event_id::parse(std::string(128, 'x')));
    for (const std::string& bad :
         {std::string(), std::string("a b"), std::string("a/b"), std::string(129, 'x')}) {
        EXPECT_FALSE(event_id::parse(bad));
    }
}

}  // namespace
}  // namespace carillon::wire
