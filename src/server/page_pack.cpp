#include "server/page_pack.hpp"

#include "base/time_text.hpp"

#include <algorithm>
#include <array>
#include <functional>

#include <fmt/format.h>

extern "C" {
extern const char carillon_pages_begin[];
extern const char carillon_pages_end[];
}

namespace carillon::server {

namespace {

constexpr std::string_view title = "carillon pages 1";
/// The paths of pages that stand below others, a line each.
constexpr std::string_view page_list = "/pages.txt";

std::string_view next(std::string_view& rest, char separator) {
    const std::size_t at = rest.find(separator);
    const std::string_view part = rest.substr(0, at);
    rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
    return part;
}

}  // namespace

result<page_pack> page_pack::parse(std::string_view bytes) {
    page_pack pack;
    if (bytes.empty()) return pack;
    if (next(bytes, '\n') != title) return fail(errc::io_error, "no pack of pages");
    std::vector<std::array<std::size_t, 3>> sizes;
    for (std::string_view line; !(line = next(bytes, '\n')).empty();) {
        page_file file{
            .path = next(line, '\t'), .type = next(line, '\t'), .etag = next(line, '\t')};
        auto& of_file = sizes.emplace_back();
        for (std::size_t& size : of_file) {
            const auto number = parse_whole_number(next(line, '\t'));
            if (!number || *number < 0)
                return fail(errc::io_error, fmt::format("no size of {}", file.path));
            size = static_cast<std::size_t>(*number);
        }
        pack.files_.push_back(file);
    }
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        page_file& file = pack.files_[i];
        const std::array<std::string_view*, 3> parts{&file.plain, &file.gzip, &file.brotli};
        for (std::size_t part = 0; part < parts.size(); ++part) {
            if (sizes[i][part] > bytes.size())
                return fail(errc::io_error, fmt::format("the pack ends within {}", file.path));
            *parts[part] = bytes.substr(0, sizes[i][part]);
            bytes.remove_prefix(sizes[i][part]);
        }
    }
    std::ranges::sort(pack.files_, std::less{}, &page_file::path);
    return pack;
}

const page_pack& page_pack::built_in() {
    // What the build has made is sound; a build that went wrong has the plain page.
    static const page_pack pack =
        parse({carillon_pages_begin,
               static_cast<std::size_t>(carillon_pages_end - carillon_pages_begin)})
            .value_or(page_pack());
    return pack;
}

const page_file* page_pack::find(std::string_view path) const noexcept {
    const auto at = std::ranges::lower_bound(files_, path, std::less{}, &page_file::path);
    return at == files_.end() || at->path != path ? nullptr : &*at;
}

bool page_pack::has_page(std::string_view path) const noexcept {
    const page_file* const list = find(page_list);
    if (list == nullptr) return true;
    while (path.ends_with('/')) path.remove_suffix(1);
    for (std::string_view rest = list->plain; !rest.empty();) {
        if (next(rest, '\n') == path) return true;
    }
    return false;
}

}  // namespace carillon::server
