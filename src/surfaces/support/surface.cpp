#include "surfaces/support/surface.hpp"

#include <utility>

#include <fmt/format.h>

namespace carillon::surfaces {

std::vector<transport::route> mounted(surface& s, const surface_kind& kind, bool enabled,
                                      const std::vector<std::string>& prefixes) {
    const std::vector<transport::route> own = s.routes();
    std::vector<transport::route> all;
    for (const std::string& prefix : prefixes) {
        for (transport::route r : own) {
            r.path.insert(0, prefix == "/" ? "" : prefix);
            all.push_back(std::move(r));
        }
    }
    if (enabled) return all;
    return transport::switched_off(std::move(all), fmt::format("{} is switched off", kind.title));
}

}  // namespace carillon::surfaces
