// A turn of an event loop that the test's thread plays.
#pragma once

#include "base/turn.hpp"

#include <functional>
#include <utility>
#include <vector>

namespace carillon::testing {

/// The turn of a loop that this thread plays.
class played_turn final : public turn {
public:
    played_turn() : outer_(enter(this)) {}
    ~played_turn() { enter(outer_); }
    played_turn(const played_turn&) = delete;
    played_turn& operator=(const played_turn&) = delete;

    void at_end_of_turn(std::function<void()> t) override { tasks_.push_back(std::move(t)); }
    void end() {
        for (auto& t : std::exchange(tasks_, {})) t();
    }

private:
    turn* outer_;
    std::vector<std::function<void()>> tasks_;
};

}  // namespace carillon::testing
