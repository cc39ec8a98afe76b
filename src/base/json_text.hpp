// JSON text written by hand where a document would be built only to be printed.
#pragma once

#include <string>
#include <string_view>

namespace carillon {

/// Appends `text` as a JSON string (RFC 8259, section 7). `text` is UTF-8.
void append_json_string(std::string& out, std::string_view text);

}  // namespace carillon
