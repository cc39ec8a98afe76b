#include <carillon/base/log.hpp>

#include <chrono>

namespace carillon::log {

namespace detail {

std::atomic<level> threshold{level::off};

namespace {
std::atomic<sink> destination{nullptr};
}

void write(level l, std::string_view message, std::initializer_list<field> fields) {
    if (sink write_line = destination.load(std::memory_order_acquire)) {
        write_line(l, message, fields);
    }
}

}  // namespace detail

void set_sink(sink destination, level threshold) noexcept {
    detail::destination.store(destination, std::memory_order_release);
    detail::threshold.store(destination == nullptr ? level::off : threshold,
                            std::memory_order_relaxed);
}

std::optional<std::uint64_t> gate::pass(std::chrono::steady_clock::time_point now) {
    const std::int64_t second =
        std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
    if (second_.exchange(second, std::memory_order_relaxed) != second)
        passed_.store(0, std::memory_order_relaxed);
    if (passed_.fetch_add(1, std::memory_order_relaxed) < per_second_)
        return held_.exchange(0, std::memory_order_relaxed);
    held_.fetch_add(1, std::memory_order_relaxed);
    return std::nullopt;
}

}  // namespace carillon::log
