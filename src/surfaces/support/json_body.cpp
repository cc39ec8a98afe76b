#include "surfaces/support/json_body.hpp"

#include "base/time_text.hpp"
#include "transport/json_slices.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace carillon::surfaces {

namespace {

/// A whole number of a JSON text.
std::optional<std::int64_t> whole_number(std::string_view slice) {
    const bool negative = slice.starts_with('-');
    const auto size = parse_whole_number(negative ? slice.substr(1) : slice);
    if (!size) return std::nullopt;
    return negative ? -*size : *size;
}

error wrong(std::string_view field, std::string_view why) {
    return {errc::invalid_request, fmt::format("`{}`: {}", field, why)};
}

std::string bounds(std::int64_t low, std::int64_t high) {
    return fmt::format("a whole number from {} to {} is expected", low, high);
}

}  // namespace

json_body::json_body(std::string_view text) {
    const auto sound = transport::check_json(text);
    if (!sound) {
        mistake_ = sound.error();
        return;
    }
    auto members = transport::object_members(text);
    if (!members) {
        mistake_ = members.error();
        return;
    }
    members_.reserve(members->size());
    for (auto& [name, slice] : *members) members_.push_back({std::move(name), slice, false});
}

void json_body::fail_with(error why) {
    if (!mistake_) mistake_ = std::move(why);
}

json_body& json_body::refuse(std::string_view field, std::string_view why) {
    fail_with(wrong(field, why));
    return *this;
}

bool json_body::has(std::string_view field) const {
    const auto found = std::ranges::find(members_, field, &member::name);
    return found != members_.end() && found->slice != "null";
}

json_body& json_body::not_null(names fields) {
    for (const std::string_view field : fields) {
        const auto found = std::ranges::find(members_, field, &member::name);
        if (found != members_.end() && found->slice == "null")
            refuse(field, "this may not be null: leave it out, or say who is meant");
    }
    return *this;
}

std::optional<std::string_view> json_body::take(names field, presence needed, bool null_counts) {
    if (mistake_) return std::nullopt;
    const member* found = nullptr;
    for (member& m : members_) {
        if (std::ranges::find(field, std::string_view(m.name)) == field.end()) continue;
        m.taken = true;
        if (m.slice == "null" && !null_counts) continue;
        if (found != nullptr) {
            refuse(m.name, fmt::format("`{}` says the same", found->name));
            return std::nullopt;
        }
        found = &m;
    }
    if (found != nullptr) return found->slice;
    if (needed == presence::required) refuse(*field.begin(), "this field is needed");
    return std::nullopt;
}

json_body& json_body::text(names field, std::string& into, text_rule rule) {
    const auto slice = take(field, rule.needed);
    if (!slice) return *this;
    auto decoded = transport::decode_string(*slice);
    if (!decoded) return refuse(*field.begin(), "a string is expected");
    if (decoded->size() > rule.max)
        return refuse(*field.begin(), fmt::format("at most {} bytes", rule.max));
    if (decoded->empty() && rule.needed == presence::required)
        return refuse(*field.begin(), "this may not be empty");
    into = std::move(*decoded);
    return *this;
}

json_body& json_body::value(names field, std::string& into, text_rule rule) {
    const auto slice = take(field, rule.needed, true);
    if (!slice) return *this;
    if (slice->size() > rule.max)
        return refuse(*field.begin(), fmt::format("at most {} bytes", rule.max));
    into = *slice;
    return *this;
}

json_body& json_body::object(names field, std::string& into, text_rule rule) {
    const auto slice = take(field, rule.needed);
    if (!slice) return *this;
    if (!slice->starts_with('{')) return refuse(*field.begin(), "an object is expected");
    if (slice->size() > rule.max)
        return refuse(*field.begin(), fmt::format("at most {} bytes", rule.max));
    into = *slice;
    return *this;
}

json_body& json_body::flag(names field, bool& into) {
    const auto slice = take(field, presence::optional);
    if (!slice) return *this;
    if (*slice != "true" && *slice != "false")
        return refuse(*field.begin(), "true or false is expected");
    into = *slice == "true";
    return *this;
}

json_body& json_body::number(names field, std::int64_t& into, std::int64_t low, std::int64_t high,
                             presence needed) {
    const auto slice = take(field, needed);
    if (!slice) return *this;
    const auto value = whole_number(*slice);
    if (!value || *value < low || *value > high) return refuse(*field.begin(), bounds(low, high));
    into = *value;
    return *this;
}

json_body& json_body::texts(names field, std::vector<std::string>& into, list_rule rule) {
    const auto slice = take(field, rule.needed);
    if (!slice) return *this;
    const std::string_view name = *field.begin();
    if (!slice->starts_with('[')) return refuse(name, "a list of strings is expected");
    std::vector<std::string> all;
    const auto walked =
        transport::each_element(*slice, [&](std::string_view, std::string_view entry) -> result<> {
            const std::string place = fmt::format("{}[{}]", name, all.size());
            auto text = transport::decode_string(entry);
            if (!text) return std::unexpected(wrong(place, "a string is expected"));
            if (text->empty()) return std::unexpected(wrong(place, "this may not be empty"));
            if (text->size() > rule.max_text) {
                return std::unexpected(
                    wrong(place, fmt::format("at most {} bytes", rule.max_text)));
            }
            if (all.size() == rule.max_entries) {
                return std::unexpected(
                    wrong(name, fmt::format("at most {} entries", rule.max_entries)));
            }
            all.push_back(std::move(*text));
            return {};
        });
    if (!walked) {
        fail_with(walked.error());
        return *this;
    }
    if (all.empty() && rule.needed == presence::required)
        return refuse(name, "this may not be empty");
    into = std::move(all);
    return *this;
}

json_body& json_body::numbers(names field, std::vector<std::int64_t>& into, std::int64_t low,
                              std::int64_t high, std::size_t max_entries) {
    const auto slice = take(field, presence::optional);
    if (!slice) return *this;
    const std::string_view name = *field.begin();
    if (!slice->starts_with('[')) return refuse(name, "a list of whole numbers is expected");
    std::vector<std::int64_t> all;
    const auto walked =
        transport::each_element(*slice, [&](std::string_view, std::string_view entry) -> result<> {
            const auto value = whole_number(entry);
            if (!value || *value < low || *value > high) {
                return std::unexpected(
                    wrong(fmt::format("{}[{}]", name, all.size()), bounds(low, high)));
            }
            if (all.size() == max_entries)
                return std::unexpected(wrong(name, fmt::format("at most {} entries", max_entries)));
            all.push_back(*value);
            return {};
        });
    if (!walked) {
        fail_with(walked.error());
        return *this;
    }
    into = std::move(all);
    return *this;
}

json_body& json_body::ignore(names field) {
    for (member& m : members_) {
        if (std::ranges::find(field, std::string_view(m.name)) != field.end()) m.taken = true;
    }
    return *this;
}

result<> json_body::done() {
    if (!mistake_) {
        const auto unknown = std::ranges::find(members_, false, &member::taken);
        if (unknown != members_.end()) {
            const std::string_view name = std::string_view(unknown->name).substr(0, 64);
            fail_with({errc::invalid_request, fmt::format("unknown field `{}`", name)});
        }
    }
    if (mistake_) return std::unexpected(*mistake_);
    return {};
}

}  // namespace carillon::surfaces
