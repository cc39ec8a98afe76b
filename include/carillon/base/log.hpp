// The logging facade. The library only describes what happened; where it goes is the embedder's
// choice. Thread-safe: `write` may be called from any thread, and so may the sink be.
#pragma once

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <variant>

namespace carillon::log {

enum class level : std::uint8_t { debug, info, warning, error, off };

/// One named value of a log line. Views must outlive the call only.
struct field {
    using value_type = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;
    std::string_view name;
    value_type value;

    field(std::string_view n, std::convertible_to<std::string_view> auto const& v)
        : name(n), value(std::string_view(v)) {}
    field(std::string_view n, bool v) : name(n), value(v) {}
    field(std::string_view n, std::signed_integral auto v) : name(n), value(std::int64_t{v}) {}
    field(std::string_view n, std::unsigned_integral auto v) : name(n), value(std::uint64_t{v}) {}
    field(std::string_view n, double v) : name(n), value(v) {}
};

/// Receives every line at or above the threshold, from any thread.
using sink = void (*)(level, std::string_view message, std::initializer_list<field> fields);

/// Sets where lines go (default: nowhere) and the lowest level that is written.
void set_sink(sink destination, level threshold) noexcept;

namespace detail {
extern std::atomic<level> threshold;
void write(level l, std::string_view message, std::initializer_list<field> fields);
}  // namespace detail

inline bool enabled(level l) noexcept {
    return l >= detail::threshold.load(std::memory_order_relaxed);
}

inline void write(level l, std::string_view message, std::initializer_list<field> fields = {}) {
    if (enabled(l)) detail::write(l, message, fields);
}
inline void debug(std::string_view message, std::initializer_list<field> fields = {}) {
    write(level::debug, message, fields);
}
inline void info(std::string_view message, std::initializer_list<field> fields = {}) {
    write(level::info, message, fields);
}
inline void warning(std::string_view message, std::initializer_list<field> fields = {}) {
    write(level::warning, message, fields);
}
inline void error(std::string_view message, std::initializer_list<field> fields = {}) {
    write(level::error, message, fields);
}

/// Lets so many lines a second pass, so that nobody who is refused fills a disk. Thread-safe.
class gate {
public:
    explicit gate(std::uint64_t per_second) : per_second_(per_second) {}
    /// Nothing: hold the line back. Else how many were held back before it.
    std::optional<std::uint64_t> pass(
        std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now());

private:
    const std::uint64_t per_second_;
    std::atomic<std::int64_t> second_{0};
    std::atomic<std::uint64_t> passed_{0};
    std::atomic<std::uint64_t> held_{0};
};

}  // namespace carillon::log
