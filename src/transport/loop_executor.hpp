// A shard on the server's own loop.
#pragma once

#include <carillon/hub/executor.hpp>

#include "net/loop.hpp"

#include <utility>

namespace carillon::transport {

class loop_executor final : public executor {
public:
    explicit loop_executor(net::loop& l) noexcept : loop_(l) {}
    void post(task t) override { loop_.post(std::move(t)); }
    void defer(task t) override { loop_.at_end_of_turn(std::move(t)); }
    void call_after(clock::duration delay, task t) override {
        loop_.call_after(delay, std::move(t));
    }
    bool is_here() const override { return loop_.in_loop_thread(); }
    clock::time_point now() const override { return loop_.now(); }

private:
    net::loop& loop_;
};

}  // namespace carillon::transport
