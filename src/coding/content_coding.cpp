#include <carillon/coding/content_coding.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace carillon {

namespace {

constexpr std::array<std::pair<std::string_view, content_coding>, 5> names{
    {{"identity", content_coding::identity},
     {"gzip", content_coding::gzip},
     {"br", content_coding::br},
     {"zstd", content_coding::zstd},
     {"x-gzip", content_coding::gzip}}};

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

}  // namespace

std::string_view to_string(content_coding c) noexcept {
    return names[static_cast<std::size_t>(c)].first;
}

std::optional<content_coding> parse_content_coding(std::string_view name) noexcept {
    const auto same = [&](const auto& known) {
        return std::ranges::equal(known.first, name, {}, {}, lower);
    };
    const auto* const found = std::ranges::find_if(names, same);
    if (found == names.end()) return std::nullopt;
    return found->second;
}

}  // namespace carillon
