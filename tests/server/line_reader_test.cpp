#include "server/line_reader.hpp"

#include <array>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace carillon::server {
namespace {

using namespace std::chrono_literals;
using outcome = line_reader::outcome;

class line_reader_test : public ::testing::Test {
protected:
    ~line_reader_test() override {
        ::close(fds_[0]);
        end();
    }
    void write(std::string_view text) {
        EXPECT_EQ(::write(fds_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }
    void end() {
        if (fds_[1] >= 0) ::close(fds_[1]);
        fds_[1] = -1;
    }
    /// The next line's text; "(nothing)", "(end)" and "(too long)" where there is none.
    std::string next() {
        switch (reader_.next(line_, 0ms)) {
            case outcome::nothing:
                return "(nothing)";
            case outcome::end:
                return "(end)";
            case outcome::line:
                break;
        }
        return line_.too_long ? "(too long)" : line_.text;
    }
    static std::array<int, 2> make_pipe() {
        std::array<int, 2> fds{-1, -1};
        EXPECT_EQ(::pipe2(fds.data(), O_CLOEXEC), 0);
        return fds;
    }
    std::array<int, 2> fds_ = make_pipe();
    line_reader reader_{fds_[0], 10};
    line_reader::line line_;
};

TEST_F(line_reader_test, waits_for_the_rest_of_a_line) {
    write("one\ntw");
    EXPECT_EQ(next(), "one");
    EXPECT_EQ(next(), "(nothing)");
    EXPECT_EQ(next(), "(nothing)");
    write("o\nthree");
    EXPECT_EQ(next(), "two");
    EXPECT_EQ(line_.number, 2u);
    EXPECT_EQ(next(), "(nothing)");
    end();
    EXPECT_EQ(next(), "three");
    EXPECT_EQ(next(), "(end)");
    EXPECT_EQ(next(), "(end)");
}

TEST_F(line_reader_test, knows_both_line_ends_and_empty_lines) {
    write("a\r\n\r\n\nb\rc\r\r\n");
    EXPECT_EQ(next(), "a");
    EXPECT_EQ(next(), "");
    EXPECT_EQ(next(), "");
    EXPECT_EQ(next(), "b\rc\r");
    end();
    EXPECT_EQ(next(), "(end)");
}

TEST_F(line_reader_test, a_line_end_that_comes_in_two_pieces_is_one) {
    write("a\r");
    EXPECT_EQ(next(), "(nothing)");
    write("\nb\n");
    EXPECT_EQ(next(), "a");
    EXPECT_EQ(next(), "b");
}

TEST_F(line_reader_test, takes_lines_up_to_the_limit_and_none_that_is_longer) {
    write("0123456789\n0123456789\r\n0123456789x\n" + std::string(1000, 'x') + "\nafter\n");
    EXPECT_EQ(next(), "0123456789");
    EXPECT_EQ(next(), "0123456789");
    EXPECT_EQ(next(), "(too long)");
    EXPECT_EQ(next(), "(too long)");
    EXPECT_EQ(line_.number, 4u);
    EXPECT_EQ(next(), "after");
    write("0123456789x");
    end();
    EXPECT_EQ(next(), "(too long)");
    EXPECT_EQ(next(), "(end)");
}

TEST_F(line_reader_test, bytes_that_are_no_text_become_the_replacement_character) {
    write("b\xff\n\xc3\xa4\xc3\n");
    EXPECT_EQ(next(), "b\uFFFD");
    EXPECT_EQ(next(), "\u00e4\uFFFD");
}

}  // namespace
}  // namespace carillon::server
