// RFC 9457 documents for statuses that no error code stands for.
#pragma once

#include "http/message.hpp"

#include <string_view>

namespace carillon::http {

response problem_document(int status, std::string_view code, std::string_view detail);
/// `problem` with another status than the error's own.
response problem_as(int status, const error& e, std::chrono::milliseconds retry_after);

/// The status line's phrase (RFC 9110, section 15), such as "Not Found"; "Unknown" for a status
/// that is not used here.
std::string_view phrase_of(int status) noexcept;

}  // namespace carillon::http
