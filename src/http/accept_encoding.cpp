#include "http/accept_encoding.hpp"

#include "http/text.hpp"

#include <array>

namespace carillon::http {

content_coding preferred_coding(std::optional<std::string_view> accept_encoding,
                                std::span<const content_coding> offered) noexcept {
    std::array<std::optional<int>, content_coding_count> named;
    std::optional<int> others;
    std::string_view rest = accept_encoding.value_or("");
    while (!rest.empty()) {
        std::string_view parameters = next_part(rest, ',');
        const std::string_view name = trim(next_part(parameters, ';'));
        const int weight = weight_of(parameters);
        if (name == "*") others = weight;
        const auto coding = parse_content_coding(name);
        if (coding) named[static_cast<std::size_t>(*coding)] = weight;
    }
    content_coding best = content_coding::identity;
    // Identity that nobody mentions will do, but any other that will do is better.
    int best_weight = named[0].value_or(0);
    bool found = false;
    for (const content_coding c : offered) {
        const int weight = named[static_cast<std::size_t>(c)].value_or(others.value_or(0));
        if (weight == 0 || weight < best_weight || (found && weight == best_weight)) continue;
        best = c;
        best_weight = weight;
        found = true;
    }
    return best;
}

}  // namespace carillon::http
