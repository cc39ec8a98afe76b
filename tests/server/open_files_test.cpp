#include "server/open_files.hpp"

#include <chrono>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace carillon::server {
namespace {

class open_files_test : public ::testing::TestWithParam<bool> {};

TEST_P(open_files_test, counts_what_is_opened_and_closed) {
    open_files files(GetParam());
    const auto shows = [&](std::uint64_t expected) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (files.count() != expected) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            ::usleep(1000);
        }
        return true;
    };
    const auto before = files.count();
    std::vector<int> opened;
    for (int i = 0; i < 50; ++i) opened.push_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    EXPECT_TRUE(shows(before + 50));
    for (const int fd : opened) ::close(fd);
    EXPECT_TRUE(shows(before));
}

INSTANTIATE_TEST_SUITE_P(, open_files_test, ::testing::Bool());

}  // namespace
}  // namespace carillon::server
