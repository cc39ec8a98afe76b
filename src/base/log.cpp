#include <carillon/base/log.hpp>

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

}  // namespace carillon::log
