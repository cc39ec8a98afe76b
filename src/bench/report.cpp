#include "bench/report.hpp"

#include "bench/statistics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace carillon::bench {

namespace {

constexpr std::size_t column_count = 7;
using row = std::array<std::string, column_count>;

const row titles = {"Case", "Figure", "Server", "Floor", "Judged", "To reach", "Reached"};

std::string with_unit(double value, const std::string& unit) {
    return unit.empty() ? readable(value) : readable(value) + " " + unit;
}

// Of several runs the spread as well: a median alone hides how steady it is.
std::string with_spread(const std::vector<double>& values, const std::string& unit) {
    auto text = with_unit(median(values), unit);
    if (values.size() < 2) return text;
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    return text + fmt::format(" ({}–{})", readable(*least), readable(*most));
}

row as_row(const figure& f) {
    const auto unit = f.is_ratio ? std::string() : f.unit;
    row r;
    r[0] = f.case_name;
    r[1] = f.name;
    r[2] = with_unit(median(f.server), f.unit);
    if (!f.floor.empty()) r[3] = with_unit(median(f.floor), f.unit);
    if (f.target || f.is_ratio) r[4] = with_spread(f.judged, unit);
    if (!f.target) return r;
    r[5] = "≤ " + with_unit(*f.target, unit);
    r[6] = f.reached() ? "yes" : "no";
    return r;
}

// Columns, not bytes: every other byte of UTF-8 begins a character of one column here.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string padded_line(const row& r, const std::array<std::size_t, column_count>& widths) {
    std::string line;
    for (std::size_t i = 0; i < column_count; ++i) {
        line += r[i];
        if (i + 1 < column_count) line.append(widths[i] - width_of(r[i]) + 2, ' ');
    }
    while (line.ends_with(' ')) line.pop_back();
    return line + '\n';
}

boost::json::array as_array(const std::vector<double>& values) {
    return boost::json::array(values.begin(), values.end());
}

std::string delivery_line(const delivery_counts& c) {
    return fmt::format("{} deliveries: {} lost, {} doubled, {} out of order, {} malformed",
                       readable(static_cast<double>(c.delivered)), c.lost, c.doubled,
                       c.out_of_order, c.malformed);
}

}  // namespace

bool figure::reached() const { return !target || (!judged.empty() && median(judged) <= *target); }

figure& report::at(std::string_view case_name, std::string_view name, std::string_view unit,
                   std::optional<double> target) {
    for (auto& f : figures_)
        if (f.case_name == case_name && f.name == name) return f;
    auto& f = figures_.emplace_back();
    f.case_name = case_name;
    f.name = name;
    f.unit = unit;
    f.target = target;
    return f;
}

void report::add_ratio(std::string_view case_name, std::string_view name, std::string_view unit,
                       double server, double floor, std::optional<double> target) {
    auto& f = at(case_name, name, unit, target);
    f.is_ratio = true;
    f.server.push_back(server);
    f.floor.push_back(floor);
    f.judged.push_back(floor > 0 ? server / floor : std::numeric_limits<double>::infinity());
}

void report::add_difference(std::string_view case_name, std::string_view name,
                            std::string_view unit, double server, double floor,
                            std::optional<double> target) {
    auto& f = at(case_name, name, unit, target);
    f.server.push_back(server);
    f.floor.push_back(floor);
    f.judged.push_back(server - floor);
}

void report::add_quotient(std::string_view case_name, std::string_view name, std::string_view unit,
                          double server, double judged, std::optional<double> target) {
    auto& f = at(case_name, name, unit, target);
    f.is_ratio = true;
    f.server.push_back(server);
    f.judged.push_back(judged);
}

void report::add_value(std::string_view case_name, std::string_view name, std::string_view unit,
                       double server, std::optional<double> target, std::optional<double> floor) {
    auto& f = at(case_name, name, unit, target);
    f.server.push_back(server);
    f.judged.push_back(server);
    if (floor) f.floor.push_back(*floor);
}

std::string report::text() const {
    std::vector<row> rows{titles};
    for (const auto& f : figures_) rows.push_back(as_row(f));
    std::array<std::size_t, column_count> widths{};
    for (const auto& r : rows)
        for (std::size_t i = 0; i < column_count; ++i)
            widths[i] = std::max(widths[i], width_of(r[i]));
    std::string out;
    if (!figures_.empty())
        for (const auto& r : rows) out += padded_line(r, widths);
    if (!out.empty()) out += '\n';
    out += delivery_line(deliveries_) + '\n';
    for (const auto& p : problems_) out += "failed: " + p + '\n';
    return out;
}

std::string report::markdown() const {
    std::string out =
        fmt::format("| {} |\n|---|---|--:|--:|--:|--:|---|\n", fmt::join(titles, " | "));
    for (const auto& f : figures_) out += fmt::format("| {} |\n", fmt::join(as_row(f), " | "));
    out += '\n' + delivery_line(deliveries_) + ".\n";
    for (const auto& p : problems_) out += "\nFailed: " + p + '\n';
    return out;
}

std::string report::json() const {
    boost::json::array figures;
    for (const auto& f : figures_) {
        boost::json::object o{{"case", f.case_name}, {"name", f.name}, {"unit", f.unit}};
        o["server"] = median(f.server);
        o["server_runs"] = as_array(f.server);
        if (!f.floor.empty()) {
            o["floor"] = median(f.floor);
            o["floor_runs"] = as_array(f.floor);
        }
        if (f.is_ratio || f.target) o["judged"] = median(f.judged);
        if (f.target) {
            o["target"] = *f.target;
            o["reached"] = f.reached();
        }
        figures.push_back(std::move(o));
    }
    boost::json::array problems(problems_.begin(), problems_.end());
    return boost::json::serialize(boost::json::object{{"figures", std::move(figures)},
                                                      {"deliveries",
                                                       {{"delivered", deliveries_.delivered},
                                                        {"lost", deliveries_.lost},
                                                        {"doubled", deliveries_.doubled},
                                                        {"out_of_order", deliveries_.out_of_order},
                                                        {"malformed", deliveries_.malformed}}},
                                                      {"problems", std::move(problems)}});
}

std::string readable(double value) {
    const auto size = std::fabs(value);
    if (size < 100) {
        // 3 significant digits: 0.123, 1.23, 12.3
        const int decimals = size < 1 ? 3 : size < 10 ? 2 : 1;
        auto text = fmt::format("{:.{}f}", value, decimals);
        while (text.ends_with('0')) text.pop_back();
        if (text.ends_with('.')) text.pop_back();
        return text == "-0" ? "0" : text;
    }
    auto text = fmt::format("{:.0f}", value);
    const std::size_t first = value < 0 ? 1 : 0;
    for (auto at = text.size(); at > first + 3;) {
        at -= 3;
        text.insert(at, 1, ',');
    }
    return text;
}

}  // namespace carillon::bench
