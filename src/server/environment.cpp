#include "server/environment.hpp"

#include <algorithm>
#include <array>
#include <cctype>
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

}  // namespace

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
        if (!text.starts_with("CARILLON_") || equals == std::string_view::npos) continue;
        const std::string_view name = text.substr(0, equals);
        const std::string_view value = text.substr(equals + 1);
        if (name == "CARILLON_CONFIG" || name == "CARILLON_URL" || value.empty()) continue;
        found.emplace(name, value);
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
