// Parameters of lists.
#pragma once

#include <carillon/base/result.hpp>

#include "http/message.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace carillon::surfaces {

struct page_rule {
    std::size_t usual = 100;
    std::size_t most = 1000;
};

/// `?limit=`: a number from 1 on; more than `most` gives `most`. Error `invalid_request`.
result<std::size_t> limit_of(const http::request& r, page_rule rule = {});
/// A whole number from the query; `otherwise` if it is not there. Error `invalid_request`.
result<std::uint64_t> number_of(const http::request& r, std::string_view name,
                                std::uint64_t otherwise);
/// `true` or `false`; `otherwise` if it is not there. Error `invalid_request`.
result<bool> flag_of(const http::request& r, std::string_view name, bool otherwise);

}  // namespace carillon::surfaces
