#include "server/commands.hpp"
#include "server/console.hpp"
#include "server/setting_values.hpp"
#include "server/settings_check.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace carillon::server {

namespace {

int said(const std::string& text) { return say(text) ? 0 : 1; }

/// What applies to the topic that was asked for.
std::string row_text(const config_arguments& a, const settings& values) {
    const topic_row* row = values.row_for(a.topic);
    std::string text =
        row == nullptr
            ? fmt::format("{}: no [[topics]] row matches, the defaults apply\n", a.topic)
            : fmt::format("{}: the row at {}:{} applies\n", a.topic, a.sources.file, row->line);
    const topic_row defaults;
    for (const std::string& name : row_field_names()) {
        text += fmt::format("  {:<22} {}\n", name,
                            print_row_field(row != nullptr ? *row : defaults, name));
    }
    return text;
}

}  // namespace

int config(const config_arguments& a) {
    if (a.reference) {
        return said(reference_page());
    }
    if (a.sample) {
        return said(sample_file());
    }
    const auto loaded = load(a.sources);
    if (!loaded) {
        complain(loaded.error().detail);
        return 2;
    }
    for (const std::string& name : loaded->ignored)
        complain(name + ": set by a cluster for one of its Services, ignored");
    if (a.check) {
        if (const auto checked = check(*loaded); !checked) {
            complain(checked.error().detail);
            return 2;
        }
        return said(a.sources.file + ": fine\n");
    }
    if (!a.topic.empty()) return said(row_text(a, loaded->values));
    std::string text;
    for (const auto& [info, value] : print(loaded->values)) {
        text += fmt::format("{:<32} {:<52} {}\n", info.name, value,
                            loaded->from.find(info.name)->second);
    }
    return said(text);
}

}  // namespace carillon::server
