// What the guides tell people to type.
#include "support/running_server.hpp"

#include <fstream>
#include <iterator>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace carillon::testing {
namespace {

using ::testing::HasSubstr;

/// The lines of all ```sh blocks of a section, without those that start the server.
std::string commands_of(const std::string& page, const std::string& section) {
    std::ifstream in(std::string(CARILLON_SOURCE_DIR) + "/docs/guide/" + page);
    std::string all;
    bool here = false;
    bool block = false;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("## ")) here = line == "## " + section;
        if (line.starts_with("```")) {
            block = line == "```sh";
            continue;
        }
        const bool starts = line.contains("carillon serve") || line.contains("AUTH_SECRET");
        if (here && block && !starts) all += line + "\n";
    }
    return all;
}

void replace_all(std::string& text, std::string_view what, const std::string& by) {
    for (std::size_t at = text.find(what); at != std::string::npos;
         at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
}

TEST(guide, the_commands_from_nothing_to_tokens_run) {
    const std::string secret = "a secret of more than thirty-two bytes";
    const running_server server({"--auth.secret", secret});
    std::string script = commands_of("authentication.md", "From nothing to tokens") +
                         commands_of("authentication.md", "Ending what was given");
    ASSERT_THAT(script, HasSubstr("carillon token --user alice"));
    ASSERT_THAT(script, HasSubstr("/auth/revoke"));
    replace_all(script, "localhost:3000", "localhost:" + std::to_string(server.port()));
    replace_all(script, "curl ", "curl -sS --fail-with-body ");
    script = "set -eu\ncarillon() { " + carillon({}).front() + " \"$@\"; }\n" + script;
    // What a client's id stands for does not exist.
    script.resize(script.rfind("curl"));
    process shell({"/bin/bash", "-c", script}, {"CARILLON_AUTH_SECRET=" + secret});
    EXPECT_EQ(shell.wait(), 0) << shell.output();
    EXPECT_THAT(shell.output(), HasSubstr(R"("userId":"alice")"));
    EXPECT_THAT(shell.output(), HasSubstr("algorithm  HS256"));
    EXPECT_THAT(shell.output(), HasSubstr(R"({"ended":0})"));
}

}  // namespace
}  // namespace carillon::testing
