#include <carillon/base/log.hpp>

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace carillon::log {
namespace {

std::vector<std::string>& lines() {
    static std::vector<std::string> all;
    return all;
}

void remember(level l, std::string_view message, std::initializer_list<field> fields) {
    std::string line = std::to_string(static_cast<int>(l)) + " " + std::string(message);
    for (const field& f : fields) {
        line += " " + std::string(f.name) + "=" + std::to_string(f.value.index());
    }
    lines().push_back(std::move(line));
}

class log_test : public ::testing::Test {
protected:
    ~log_test() override {
        set_sink(nullptr, level::debug);
        lines().clear();
    }
};

TEST_F(log_test, goes_nowhere_until_somebody_listens) {
    EXPECT_FALSE(enabled(level::error));
    error("nobody hears this");
    set_sink(remember, level::warning);
    EXPECT_TRUE(enabled(level::warning));
    EXPECT_FALSE(enabled(level::info));
    info("too quiet");
    warning("heard");
    error("heard too");
    set_sink(nullptr, level::debug);
    EXPECT_FALSE(enabled(level::error));
    error("nobody hears this");
    EXPECT_EQ(lines(), (std::vector<std::string>{"2 heard", "3 heard too"}));
}

TEST_F(log_test, fields_keep_their_types) {
    set_sink(remember, level::debug);
    debug("x", {{"text", "t"},
                {"string", std::string("t")},
                {"signed", -1},
                {"unsigned", 1u},
                {"real", 0.5},
                {"yes", true}});
    EXPECT_EQ(lines().at(0), "0 x text=0 string=0 signed=1 unsigned=2 real=3 yes=4");
}

}  // namespace
}  // namespace carillon::log
