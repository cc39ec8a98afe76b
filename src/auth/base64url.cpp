#include "auth/base64url.hpp"

#include <cstdint>
#include <cstdlib>
#include <memory>

#include <cjose/base64.h>

namespace carillon::auth {

namespace {

struct freed {
    void operator()(void* p) const noexcept { std::free(p); }  // NOLINT: cjose allocates so
};

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

std::string base64url(std::string_view bytes) {
    if (bytes.empty()) return {};
    char* text = nullptr;
    std::size_t size = 0;
    cjose_err failure{};
    if (!cjose_base64url_encode(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(),
                                &text, &size, &failure)) {
        return {};
    }
    const std::unique_ptr<char, freed> owned(text);
    return {text, size};
}

std::optional<std::string> parse_base64url(std::string_view text) {
    // The library is lenient: what it may see is decided here.
    if (text.find_first_not_of(alphabet) != std::string_view::npos || text.size() % 4 == 1)
        return std::nullopt;
    if (text.empty()) return std::string{};
    std::uint8_t* bytes = nullptr;
    std::size_t size = 0;
    cjose_err failure{};
    if (!cjose_base64url_decode(text.data(), text.size(), &bytes, &size, &failure))
        return std::nullopt;
    const std::unique_ptr<std::uint8_t, freed> owned(bytes);
    return std::string(reinterpret_cast<const char*>(bytes), size);
}

}  // namespace carillon::auth
