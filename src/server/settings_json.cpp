// Settings in force, as the console shows them.
#include "server/admin_routes.hpp"
#include "server/environment.hpp"
#include "server/log_sink.hpp"
#include "server/setting_values.hpp"
#include "surfaces/support/json_answer.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::server {

namespace {

using surfaces::json_list;
using surfaces::json_object;

std::string_view kind_of(std::string_view origin) {
    if (origin == "default") return "default";
    if (origin.starts_with("--")) return "flag";
    // A file's place ends in its line.
    return origin.contains(':') ? "file" : "environment";
}

std::string row_json(const topic_row& row) {
    json_object out;
    for (const std::string& name : row_field_names()) out.text(name, print_row_field(row, name));
    return out.number("line", row.line).take();
}

}  // namespace

std::string settings_json(const loaded_settings& started, const loaded_settings& latest) {
    const auto usual = print(settings{});
    const auto first = print(started.values);
    const auto last = print(latest.values);
    const auto differ = changed(started.values, latest.values);
    std::vector<std::string> all;
    for (std::size_t i = 0; i < last.size(); ++i) {
        const setting_info& info = last[i].info;
        const origins& sources = info.reloadable ? latest.from : started.from;
        const auto from = sources.find(info.name);
        const std::string_view origin =
            from == sources.end() ? std::string_view("default") : from->second;
        json_object out;
        out.text("name", info.name)
            .text("value",
                  without_url_credentials(info.reloadable ? last[i].value : first[i].value));
        if (!info.reloadable && std::ranges::find(differ, info.name) != differ.end())
            out.text("afterRestart", without_url_credentials(last[i].value));
        out.text("default", usual[i].value)
            .text("from", kind_of(origin))
            .text("origin", origin)
            .number("reloadable", info.reloadable);
        if (info.secret) out.number("secret", true);
        all.push_back(
            out.text("variable", variable_of(info.name)).text("prose", info.prose).take());
    }
    std::vector<std::string> rows;
    for (const topic_row& row : latest.values.topics) rows.push_back(row_json(row));
    return json_object().raw("settings", json_list(all)).raw("topics", json_list(rows)).take();
}

}  // namespace carillon::server
