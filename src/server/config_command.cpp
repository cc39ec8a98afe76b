#include "server/commands.hpp"
#include "server/setting_values.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace carillon::server {

int config(const config_arguments& a) {
    if (a.reference) {
        fmt::print("{}", reference_page());
        return 0;
    }
    if (a.sample) {
        fmt::print("{}", sample_file());
        return 0;
    }
    const auto loaded = load(a.sources);
    if (!loaded) {
        fmt::print(stderr, "{}\n", loaded.error().detail);
        return 1;
    }
    if (a.check) {
        fmt::print("{}: fine\n", a.sources.file);
        return 0;
    }
    if (!a.topic.empty()) {
        const topic_row* row = loaded->values.row_for(a.topic);
        if (row == nullptr) {
            fmt::print("{}: no [[topics]] row matches, the defaults apply\n", a.topic);
        } else {
            fmt::print("{}: the row at {}:{} applies\n", a.topic, a.sources.file, row->line);
        }
        const topic_row defaults;
        for (const std::string& name : row_field_names()) {
            fmt::print("  {:<22} {}\n", name,
                       print_row_field(row != nullptr ? *row : defaults, name));
        }
        return 0;
    }
    for (const auto& [info, value] : print(loaded->values)) {
        fmt::print("{:<32} {:<52} {}\n", info.name, value, loaded->from.find(info.name)->second);
    }
    return 0;
}

}  // namespace carillon::server
