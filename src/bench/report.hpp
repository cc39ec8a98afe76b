// What a run found, for a terminal, for a program, and for the documentation. Pure.
#pragma once

#include "bench/delivery.hpp"

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::bench {

/// One line: a figure of the server, beside the floor's where there is one, once per pair of runs.
struct figure {
    std::string case_name;
    std::string name;
    std::string unit;
    std::optional<double> target;  ///< at most this; none: shown for information
    bool is_ratio = false;         ///< `judged` is a quotient, with no unit
    std::vector<double> server;
    std::vector<double> floor;   ///< empty: the floor has no such figure
    std::vector<double> judged;  ///< what the target is about

    /// True if the median of `judged` is at most the target, or there is no target.
    bool reached() const;
};

class report {
public:
    /// Adds a pair: judged is server ÷ floor.
    void add_ratio(std::string_view case_name, std::string_view name, std::string_view unit,
                   double server, double floor, std::optional<double> target);
    /// Adds a pair: judged is server − floor.
    void add_difference(std::string_view case_name, std::string_view name, std::string_view unit,
                        double server, double floor, std::optional<double> target);
    /// Adds a quotient whose lower part is not the floor's (`judged`), with the server's figure
    /// behind it.
    void add_quotient(std::string_view case_name, std::string_view name, std::string_view unit,
                      double server, double judged, std::optional<double> target);
    /// Adds a figure that is judged as it is.
    void add_value(std::string_view case_name, std::string_view name, std::string_view unit,
                   double server, std::optional<double> target = {},
                   std::optional<double> floor = {});

    void add_deliveries(const delivery_counts& counts) { deliveries_ += counts; }
    void add_problem(std::string text) { problems_.push_back(std::move(text)); }

    const std::deque<figure>& figures() const noexcept { return figures_; }
    const delivery_counts& deliveries() const noexcept { return deliveries_; }
    /// Every delivery was right and nothing failed. Targets have no part in this.
    bool sound() const noexcept { return problems_.empty() && deliveries_.clean(); }

    std::string text() const;
    std::string json() const;
    std::string markdown() const;

private:
    figure& at(std::string_view case_name, std::string_view name, std::string_view unit,
               std::optional<double> target);

    std::deque<figure> figures_;  ///< in order of first mention; references stay valid
    delivery_counts deliveries_;
    std::vector<std::string> problems_;
};

/// "3.82", "152", "1,234,567": three significant digits, none of a whole number dropped.
std::string readable(double value);

}  // namespace carillon::bench
