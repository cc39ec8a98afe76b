// Hash maps keyed by strings that are looked up by views, without a temporary string.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace carillon {

struct string_hash {
    using is_transparent = void;
    // Not noexcept: libstdc++ keeps hashes in the nodes only of hashes that it takes for slow, and
    // walking a bucket without them hashes every name on the way.
    std::size_t operator()(std::string_view text) const {
        return std::hash<std::string_view>{}(text);
    }
};

template <class T>
using string_map = std::unordered_map<std::string, T, string_hash, std::equal_to<>>;

}  // namespace carillon
