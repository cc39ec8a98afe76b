// The files of the web application that the binary carries, as web/apps/console/build/pack.mjs
// writes them.
#pragma once

#include <carillon/base/result.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace carillon::server {

/// A file in up to three codings. Its views hold as long as the pack's bytes.
struct page_file {
    std::string_view path;  ///< begins with "/"
    std::string_view type;  ///< its content type
    std::string_view etag;  ///< without quotes; of the plain bytes
    std::string_view plain{};
    std::string_view gzip{};    ///< empty: not worth it
    std::string_view brotli{};  ///< the same
};

/// Immutable. Empty where the build left the application out.
class page_pack {
public:
    /// A head of lines, a file each, then their bytes in the same order. `bytes` outlive the pack.
    static result<page_pack> parse(std::string_view bytes);
    /// What is in this binary.
    static const page_pack& built_in();

    bool empty() const noexcept { return files_.empty(); }
    const page_file* find(std::string_view path) const noexcept;
    /// Whether the application has a page at `path` ("/guides/guide/publishing"), as its list of
    /// pages says; without a list every path may be one.
    bool has_page(std::string_view path) const noexcept;

private:
    std::vector<page_file> files_;  ///< sorted by path
};

}  // namespace carillon::server
