#include "journal/name_index.hpp"

#include <carillon/journal/topic.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace carillon::testing {
namespace {

/// Collects names, and sums as chunks give them.
class collector final : public name_visitor {
public:
    bool one(topic_log& log) override {
        names.emplace_back(log.name());
        return true;
    }
    bool some(std::span<topic_log* const> logs, const name_chunk& in, bool whole) override {
        if (whole) {
            EXPECT_EQ(logs.size(), in.logs.size());
            std::uint64_t kept = 0;
            for (const topic_log* log : logs) {
                kept += log->kept;
                EXPECT_LE(log->trimmed, in.trimmed);
            }
            EXPECT_EQ(kept, in.kept);
        }
        for (topic_log* log : logs) one(*log);
        return true;
    }
    std::vector<std::string> names;
};

class name_index_test : public ::testing::Test {
protected:
    int below(int end) { return std::uniform_int_distribution(0, end - 1)(random_); }
    std::string segment() {
        static constexpr const char* all[] = {"a", "b", "ab", "a-b", "", "a!", "a0", "c", "$", "é"};
        return all[below(10)];
    }
    std::string name() {
        std::string made = below(12) == 0 ? "$hub" : segment();
        for (int more = below(4); more > 0; --more) made += '/' + segment();
        if (below(3) == 0) made += '/' + std::to_string(below(400));
        return made.empty() ? "a" : made;
    }
    topic_pattern pattern() {
        for (;;) {
            std::string text;
            for (int left = below(4); left >= 0; --left) {
                const int which = below(5);
                const bool deep = which == 0 && left == 0;
                text += deep ? "**" : which == 1 ? "*" : segment();
                if (left > 0) text += '/';
            }
            if (auto parsed = topic_pattern::parse(text)) return std::move(*parsed);
        }
    }
    void add() {
        const std::string named = name();
        auto made = topic_log::make(named);
        if (!topics_.try_emplace(named, std::move(made)).second) return;
        topic_log& log = *topics_.at(named);
        log.kept = static_cast<std::uint64_t>(below(5));
        log.trimmed = static_cast<std::uint64_t>(below(100));
        index_.insert(log);
    }
    void remove() {
        if (topics_.empty()) return;
        auto at = std::next(topics_.begin(), below(static_cast<int>(topics_.size())));
        index_.erase(*at->second);
        topics_.erase(at);
    }
    void check() {
        std::vector<topic_pattern> patterns;
        for (int more = below(4); more >= 0; --more) patterns.push_back(pattern());
        collector found;
        index_.match(pattern_tree(patterns), found);
        std::vector<std::string> expected;
        std::string asked;
        for (const auto& p : patterns) asked += p.str() + "  ";
        for (const auto& [named, log] : topics_) {
            const auto wanted = [&](const topic_pattern& p) {
                return !p.is_literal() && p.matches(named);
            };
            if (std::ranges::any_of(patterns, wanted)) expected.push_back(named);
        }
        ASSERT_EQ(found.names, expected) << asked;
        collector in_parts;
        const auto looks = static_cast<std::size_t>(below(50) == 0 ? 1 : 20 + below(400));
        std::optional<std::string> next = "";
        while (next) next = index_.match_some(pattern_tree(patterns), in_parts, *next, looks);
        ASSERT_EQ(in_parts.names, expected) << asked << looks;
    }

    std::mt19937 random_{7};
    name_index index_;
    std::map<std::string, topic_log::owner> topics_;
};

TEST_F(name_index_test, finds_each_name_that_matches_once_whatever_comes_and_goes) {
    for (int round = 0; round < 3000; ++round) {
        const bool grows = round < 1000 || round >= 2000;
        for (int i = 0; i < 5; ++i) below(10) < (grows ? 8 : 2) ? add() : remove();
        ASSERT_NO_FATAL_FAILURE(check());
    }
}

TEST_F(name_index_test, gives_names_in_order_from_one_on) {
    for (int i = 0; i < 2000; ++i) add();
    std::vector<std::string> all;
    std::string next;
    for (;;) {
        const auto some = index_.from(next, 100);
        for (const topic_log* log : some) all.emplace_back(log->name());
        if (some.size() < 100) break;
        next = std::string(some.back()->name()) + '\0';
    }
    std::vector<std::string> expected;
    for (const auto& [named, log] : topics_) expected.push_back(named);
    EXPECT_EQ(all, expected);
}

}  // namespace
}  // namespace carillon::testing
