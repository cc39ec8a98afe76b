#include "server/environment.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <optional>

#include <unistd.h>

namespace carillon::server {

namespace {

bool is_service_address(std::string_view value) {
    return std::ranges::any_of(std::array{"tcp://", "udp://", "sctp://"},
                               [&](const char* start) { return value.starts_with(start); });
}

/// The name of the Service that this variable can only be of.
std::optional<std::string> service_of(std::string_view variable, std::string_view value) {
    const auto before = [&](std::string_view end) -> std::optional<std::string> {
        if (!variable.ends_with(end)) return std::nullopt;
        return std::string(variable.substr(0, variable.size() - end.size()));
    };
    if (auto name = before("_SERVICE_HOST")) return name;
    if (is_service_address(value)) return before("_PORT");
    return std::nullopt;
}

bool is_of_service(std::string_view variable, std::string_view service) {
    if (!variable.starts_with(service) || variable.size() <= service.size()) return false;
    const std::string_view rest = variable.substr(service.size());
    constexpr std::array whole{"_SERVICE_HOST", "_SERVICE_PORT", "_PORT", "_NAME"};
    constexpr std::array begun{"_SERVICE_PORT_", "_PORT_", "_ENV_"};
    return std::ranges::any_of(whole, [&](const char* name) { return rest == name; }) ||
           std::ranges::any_of(begun, [&](const char* name) { return rest.starts_with(name); });
}

struct plain_name {
    std::string_view variable;
    std::string_view setting;
};
constexpr std::array plain_names{
    plain_name{"PORT", "listen"},
    plain_name{"CORS_ORIGIN", "http.cors_origins"},
    plain_name{"CORS_CREDENTIALS", "http.cors_credentials"},
    plain_name{"JWT_SECRET", "auth.secret"},
    plain_name{"JWT_EXPIRES_IN", "auth.token_lifetime"},
    plain_name{"NODE_ENV", "production"},
};

bool is_plain(std::string_view name) {
    return std::ranges::find(plain_names, name, &plain_name::variable) != plain_names.end();
}

void add_setting(environment& to, std::string_view name, std::string_view value) {
    if (value.empty() || name == "CARILLON_CONFIG" || name == "CARILLON_URL") return;
    if (name.starts_with("CARILLON_") || is_plain(name)) to.emplace(name, value);
}

std::string as_setting(std::string_view variable, const std::string& value) {
    if (variable == "PORT") return "127.0.0.1:" + value;
    if (variable == "NODE_ENV") return value == "production" ? "true" : "false";
    const bool number = value.find_first_not_of("0123456789") == std::string::npos;
    return variable == "JWT_EXPIRES_IN" && number ? value + "s" : value;
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r";
    const std::size_t begin = std::min(text.find_first_not_of(blanks), text.size());
    text.remove_prefix(begin);
    return text.substr(0, text.find_last_not_of(blanks) + 1);
}

/// Between quotes everything counts; otherwise a blank and `#` begin a comment. Nothing if a quote
/// is not closed.
std::optional<std::string> env_value(std::string_view text) {
    if (text.starts_with('"') || text.starts_with('\'')) {
        const std::size_t end = text.find(text.front(), 1);
        if (end == std::string_view::npos) return std::nullopt;
        return std::string(text.substr(1, end - 1));
    }
    return std::string(trimmed(text.substr(0, std::min(text.find(" #"), text.size()))));
}

}  // namespace

std::vector<plain_variable> plain_variables(const environment& from) {
    std::vector<plain_variable> all;
    for (const auto& [variable, setting] : plain_names) {
        const auto found = from.find(std::string(variable));
        if (found != from.end())
            all.push_back({variable, setting, as_setting(variable, found->second)});
    }
    return all;
}

result<environment> read_env_file(const std::string& path) {
    std::ifstream in(path);
    if (!in) return fail(errc::io_error, path + ": the file cannot be read");
    environment found;
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
        std::string_view text = trimmed(line);
        if (text.empty() || text.starts_with('#')) continue;
        if (text.starts_with("export ")) text = trimmed(text.substr(7));
        const std::size_t equals = text.find('=');
        auto value = equals == std::string_view::npos ? std::nullopt
                                                      : env_value(trimmed(text.substr(equals + 1)));
        if (!value || equals == 0) {
            return fail(errc::invalid_request,
                        path + ":" + std::to_string(number) + ": `NAME=value` is expected");
        }
        add_setting(found, trimmed(text.substr(0, equals)), *value);
    }
    return found;
}

std::string variable_of(std::string_view setting) {
    std::string name = "CARILLON_";
    for (const char c : setting)
        name += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return name;
}

environment environment_settings() {
    environment found;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const std::size_t equals = text.find('=');
        if (equals == std::string_view::npos) continue;
        add_setting(found, text.substr(0, equals), text.substr(equals + 1));
    }
    return found;
}

std::vector<std::string> service_variables(const environment& all) {
    std::vector<std::string> services;
    for (const auto& [variable, value] : all) {
        if (auto service = service_of(variable, value)) services.push_back(std::move(*service));
    }
    std::vector<std::string> found;
    for (const auto& [variable, value] : all) {
        if (std::ranges::any_of(services,
                                [&](const auto& s) { return is_of_service(variable, s); }))
            found.push_back(variable);
    }
    return found;
}

}  // namespace carillon::server
