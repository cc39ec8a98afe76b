#include "server/setting_values.hpp"

#include "base/time_text.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace carillon::server {

namespace {

struct unit {
    std::string_view name;
    std::uint64_t factor;
};
constexpr std::array sizes{unit{"KiB", 1u << 10}, unit{"MiB", 1u << 20}, unit{"GiB", 1u << 30}};

std::optional<std::uint64_t> with_unit(std::string_view text) {
    for (const auto& [name, factor] : sizes) {
        if (!text.ends_with(name)) continue;
        const auto count = parse_whole_number(text.substr(0, text.size() - name.size()));
        if (!count) continue;
        const auto number = static_cast<std::uint64_t>(*count);
        if (number <= (std::uint64_t{1} << 62) / factor) return number * factor;
    }
    return std::nullopt;
}

result<> within(std::uint64_t value, const setting_info& info, const auto& print) {
    if (value >= info.low && value <= info.high) return {};
    if (value < info.low)
        return fail(errc::invalid_request, fmt::format("must be at least {}", print(info.low)));
    return fail(errc::invalid_request, fmt::format("must be at most {}", print(info.high)));
}

result<std::string> single(const strings& texts) {
    if (texts.size() != 1) return fail(errc::invalid_request, "one value is expected");
    return texts.front();
}

std::string print_duration(std::uint64_t ms) {
    return duration_text(milliseconds(static_cast<std::int64_t>(ms)));
}

std::string print_size(std::uint64_t bytes) {
    std::string best = fmt::format("{}", bytes);
    for (const auto& [name, factor] : sizes) {
        if (bytes != 0 && bytes % factor == 0) best = fmt::format("{}{}", bytes / factor, name);
    }
    return best;
}

std::string print_compression(std::uint64_t from) {
    if (from == 0) return "on";
    return from == no_compression ? "off" : print_size(from);
}

}  // namespace

result<milliseconds> parse_duration(std::string_view text) {
    if (text == "0") return milliseconds(0);
    if (const auto value = carillon::parse_duration(text)) return *value;
    return fail(errc::invalid_request,
                "a duration such as `500ms`, `30s`, `10m`, `24h` or `7d` is expected");
}

result<byte_count> parse_size(std::string_view text) {
    if (const auto bytes = parse_whole_number(text))
        return byte_count{static_cast<std::uint64_t>(*bytes)};
    if (const auto bytes = with_unit(text)) return byte_count{*bytes};
    return fail(errc::invalid_request,
                "a size such as `64KiB`, `1MiB` or a number of bytes is expected");
}

result<compression_size> parse_compression(std::string_view text) {
    // `true` and `false` are what the topic service's document has.
    if (text == "off" || text == "false") return compression_size{};
    if (text == "on" || text == "true") return compression_size{0};
    const auto size = parse_size(text);
    if (size) return compression_size{size->value};
    return fail(errc::invalid_request, "`off`, `on` or a size such as `1KiB` is expected");
}

result<> assign(milliseconds& field, const setting_info& info, const strings& texts) {
    const auto text = single(texts);
    if (!text) return std::unexpected(text.error());
    const auto value = parse_duration(*text);
    if (!value) return std::unexpected(value.error());
    if (auto ok = within(static_cast<std::uint64_t>(value->count()), info, print_duration); !ok)
        return ok;
    field = *value;
    return {};
}

result<> assign(byte_count& field, const setting_info& info, const strings& texts) {
    const auto text = single(texts);
    if (!text) return std::unexpected(text.error());
    const auto value = parse_size(*text);
    if (!value) return std::unexpected(value.error());
    if (auto ok = within(value->value, info, print_size); !ok) return ok;
    field = *value;
    return {};
}

result<> assign(compression_size& field, const setting_info&, const strings& texts) {
    const auto text = single(texts);
    if (!text) return std::unexpected(text.error());
    const auto value = parse_compression(*text);
    if (!value) return std::unexpected(value.error());
    field = *value;
    return {};
}

result<> assign(std::uint64_t& field, const setting_info& info, const strings& texts) {
    const auto text = single(texts);
    if (!text) return std::unexpected(text.error());
    const auto value = parse_whole_number(*text);
    if (!value) return fail(errc::invalid_request, "a whole number is expected");
    const auto number = static_cast<std::uint64_t>(*value);
    if (auto ok = within(number, info, [](std::uint64_t n) { return std::to_string(n); }); !ok)
        return ok;
    field = number;
    return {};
}

result<> assign(bool& field, const setting_info&, const strings& texts) {
    const auto text = single(texts);
    if (!text) return std::unexpected(text.error());
    if (*text != "true" && *text != "false")
        return fail(errc::invalid_request, "`true` or `false` is expected");
    field = *text == "true";
    return {};
}

result<> assign(std::string& field, const setting_info&, const strings& texts) {
    auto text = single(texts);
    if (!text) return std::unexpected(text.error());
    field = std::move(*text);
    return {};
}

result<> assign(choice& field, const setting_info&, const strings& texts) {
    auto text = single(texts);
    if (!text) return std::unexpected(text.error());
    std::string_view rest = field.allowed;
    while (!rest.empty()) {
        const std::size_t bar = std::min(rest.find('|'), rest.size());
        if (rest.substr(0, bar) == *text) {
            field.value = std::move(*text);
            return {};
        }
        rest.remove_prefix(std::min(bar + 1, rest.size()));
    }
    return fail(errc::invalid_request, fmt::format("one of `{}` is expected", field.allowed));
}

result<> assign(strings& field, const setting_info&, const strings& texts) {
    field = texts;
    return {};
}

std::string to_toml(milliseconds value) { return fmt::format("\"{}\"", duration_text(value)); }
std::string to_toml(byte_count value) { return fmt::format("\"{}\"", print_size(value.value)); }
std::string to_toml(compression_size value) {
    return fmt::format("\"{}\"", print_compression(value.from));
}
std::string to_toml(std::uint64_t value) { return fmt::format("{}", value); }
std::string to_toml(bool value) { return value ? "true" : "false"; }
std::string to_toml(const std::string& value) { return fmt::format("\"{}\"", value); }
std::string to_toml(const choice& value) { return to_toml(value.value); }
std::string to_toml(const strings& value) {
    std::string text = "[";
    for (const std::string& element : value)
        text += fmt::format("{}\"{}\"", text.size() > 1 ? ", " : "", element);
    return text + "]";
}

namespace {

strings split_list(std::string_view text) {
    strings parts;
    while (true) {
        const std::size_t comma = text.find(',');
        std::string_view part = text.substr(0, comma);
        while (part.starts_with(' ')) part.remove_prefix(1);
        while (part.ends_with(' ')) part.remove_suffix(1);
        parts.emplace_back(part);
        if (comma == std::string_view::npos) break;
        text.remove_prefix(comma + 1);
    }
    if (parts.size() == 1 && parts.front().empty()) parts.clear();
    return parts;
}

}  // namespace

strings split_lists(const strings& texts) {
    strings all;
    for (const std::string& text : texts) {
        for (std::string& part : split_list(text)) all.push_back(std::move(part));
    }
    return all;
}

std::vector<std::string> row_field_names() {
    return {"pattern",
            "retention.max_events",
            "retention.max_bytes",
            "retention.max_age",
            "slow.policy",
            "slow.max_events",
            "slow.max_bytes",
            "slow.max_age",
            "slow.cut_after",
            "coalesce_window",
            "presence",
            "compression"};
}

result<> set_row_field(topic_row& row, std::string_view name, const std::string& text) {
    const setting_info any{name, {}};
    if (name == "pattern") return assign(row.pattern, any, {text});
    if (name == "retention.max_events") return assign(row.keep.max_events, any, {text});
    if (name == "retention.max_bytes" || name == "slow.max_bytes") {
        const auto size = parse_size(text);
        if (!size) return std::unexpected(size.error());
        (name == "slow.max_bytes" ? row.options.max_lag.bytes : row.keep.max_bytes) = size->value;
        return {};
    }
    if (name == "slow.policy") {
        const auto policy = parse_slow_policy(text);
        if (!policy) {
            return fail(errc::invalid_request,
                        "`catch_up`, `drop_oldest`, `conflate` or `cut` is expected");
        }
        row.options.slow = *policy;
        return {};
    }
    if (name == "presence") {
        const auto rule = parse_presence_rule(text);
        if (!rule) {
            return fail(errc::invalid_request,
                        "`off`, `hidden`, `users` or `everyone` is expected");
        }
        row.options.presence = *rule;
        return {};
    }
    if (name == "compression") {
        row.own_compression = text != "stream.compression";  // which is what holds without it
        if (!row.own_compression) return {};
        const auto size = parse_compression(text);
        if (!size) return std::unexpected(size.error());
        row.options.compress_from = size->from;
        return {};
    }
    if (name == "slow.cut_after") return assign(row.options.cut_after, any, {text});
    if (name == "slow.max_events") return assign(row.options.max_lag.events, any, {text});
    if (name == "slow.max_age") return assign(row.options.max_lag.age, any, {text});
    if (name == "coalesce_window") return assign(row.options.coalesce_window, any, {text});
    if (name != "retention.max_age") return fail(errc::not_found, "no such field");
    const auto age = parse_duration(text);
    if (!age) return std::unexpected(age.error());
    row.keep.max_age = std::chrono::floor<std::chrono::seconds>(*age);
    if (row.keep.max_age != *age) return fail(errc::invalid_request, "whole seconds are expected");
    return {};
}

std::string print_row_field(const topic_row& row, std::string_view name) {
    if (name == "pattern") return row.pattern;
    if (name == "retention.max_events") return fmt::format("{}", row.keep.max_events);
    if (name == "retention.max_bytes") return print_size(row.keep.max_bytes);
    if (name == "retention.max_age") return duration_text(row.keep.max_age);
    if (name == "slow.policy") return std::string(to_string(row.options.slow));
    if (name == "slow.max_events") return fmt::format("{}", row.options.max_lag.events);
    if (name == "slow.max_bytes") return print_size(row.options.max_lag.bytes);
    if (name == "slow.max_age") return duration_text(row.options.max_lag.age);
    if (name == "slow.cut_after") return duration_text(row.options.cut_after);
    if (name == "presence") return std::string(to_string(row.options.presence));
    if (name == "compression") {
        return row.own_compression ? print_compression(row.options.compress_from)
                                   : "stream.compression";
    }
    return duration_text(row.options.coalesce_window);
}

}  // namespace carillon::server
