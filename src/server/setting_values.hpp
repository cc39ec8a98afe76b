// Texts -> values of settings, and back.
#pragma once

#include "server/settings.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace carillon::server {

/// "500ms", "30s", "10m", "24h", "7d", "0".
result<milliseconds> parse_duration(std::string_view text);
/// "64KiB", "1MiB", "2GiB", or bytes.
result<byte_count> parse_size(std::string_view text);
/// `off`, `on` or a size.
result<compression_size> parse_compression(std::string_view text);

/// Each takes all texts that a source gives for the setting; only lists may have more or less than
/// one.
result<> assign(milliseconds& field, const setting_info& info, const strings& texts);
result<> assign(compression_size& field, const setting_info& info, const strings& texts);
result<> assign(byte_count& field, const setting_info& info, const strings& texts);
result<> assign(std::uint64_t& field, const setting_info& info, const strings& texts);
result<> assign(bool& field, const setting_info& info, const strings& texts);
result<> assign(std::string& field, const setting_info& info, const strings& texts);
result<> assign(choice& field, const setting_info& info, const strings& texts);
result<> assign(strings& field, const setting_info& info, const strings& texts);

std::string to_toml(milliseconds value);
std::string to_toml(byte_count value);
std::string to_toml(compression_size value);
std::string to_toml(std::uint64_t value);
std::string to_toml(bool value);
std::string to_toml(const std::string& value);
std::string to_toml(const choice& value);
std::string to_toml(const strings& value);

/// {"a, b", "c"} -> a, b, c. An empty text has no values.
strings split_lists(const strings& texts);

std::vector<std::string> row_field_names();
/// `not_found` for an unknown field.
result<> set_row_field(topic_row& row, std::string_view name, const std::string& text);
std::string print_row_field(const topic_row& row, std::string_view name);

}  // namespace carillon::server
