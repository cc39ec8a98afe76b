#include "server/log_sink.hpp"

#include <carillon/base/json_text.hpp>

#include <array>
#include <atomic>
#include <chrono>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

namespace carillon::server {

namespace {

constexpr std::array<std::string_view, 5> level_names{"debug", "info", "warning", "error", "off"};
constexpr std::array<std::string_view, 5> secret_names{"token", "secret", "password",
                                                       "authorization", "cookie"};

std::atomic<log_format> current_format{log_format::text};

bool is_secret(std::string_view name) {
    for (const std::string_view secret : secret_names) {
        if (name.find(secret) != std::string_view::npos) return true;
    }
    return false;
}

/// Hides what follows `token=` in a target.
std::string masked(std::string_view text) {
    std::string out;
    for (;;) {
        const std::size_t at = text.find("token=");
        if (at == std::string_view::npos) return out.append(text);
        const std::size_t value = at + std::string_view("token=").size();
        out.append(text.substr(0, value)).append("***");
        text.remove_prefix(std::min(text.find_first_of("& \"", value), text.size()));
    }
}

std::string value_text(const log::field& f, bool json) {
    if (is_secret(f.name)) return json ? "\"***\"" : "***";
    return std::visit(
        [&](const auto& v) -> std::string {
            if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::string_view>) {
                std::string text = masked(v);
                const bool quoted =
                    json || text.empty() || text.find_first_of(" \"=\n\r\t") != std::string::npos;
                if (!quoted) return text;
                std::string out;
                append_json_string(out, text);
                return out;
            } else {
                return fmt::format("{}", v);
            }
        },
        f.value);
}

void sink(log::level l, std::string_view message, std::initializer_list<log::field> fields) {
    const auto now = std::chrono::system_clock::now();
    const auto ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
    const log_format format = current_format.load(std::memory_order_relaxed);
    const std::string time =
        format == log_format::json
            ? fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                          fmt::gmtime(static_cast<std::time_t>(ms / 1000)), ms % 1000)
            : fmt::format("{:%H:%M:%S}", fmt::localtime(static_cast<std::time_t>(ms / 1000)));
    spdlog::default_logger_raw()->log(spdlog::level::critical, "{}",
                                      format_line(format, l, time, message, fields));
}

}  // namespace

std::string format_line(log_format format, log::level l, std::string_view time,
                        std::string_view message, std::initializer_list<log::field> fields) {
    const std::string_view level = level_names[static_cast<std::size_t>(l)];
    if (format == log_format::text) {
        std::string line = fmt::format("{} {:<7} {}", time, level, masked(message));
        for (const log::field& f : fields)
            line += fmt::format("  {}={}", f.name, value_text(f, false));
        return line;
    }
    std::string line = fmt::format(R"({{"time":"{}","level":"{}","message":)", time, level);
    append_json_string(line, masked(message));
    for (const log::field& f : fields) {
        line += ',';
        append_json_string(line, f.name);
        line += ':';
        line += value_text(f, true);
    }
    return line += '}';
}

void start_logging(std::string_view format, std::string_view level) {
    const bool text = format == "text" || (format == "auto" && ::isatty(STDERR_FILENO) == 1);
    current_format.store(text ? log_format::text : log_format::json, std::memory_order_relaxed);
    if (spdlog::get("carillon") == nullptr) {
        auto logger = spdlog::stderr_logger_mt("carillon");
        logger->set_pattern("%v");
        spdlog::set_default_logger(std::move(logger));
    }
    log::level threshold = log::level::info;
    for (std::size_t i = 0; i < level_names.size(); ++i) {
        if (level_names[i] == level) threshold = static_cast<log::level>(i);
    }
    log::set_sink(sink, threshold);
}

}  // namespace carillon::server
