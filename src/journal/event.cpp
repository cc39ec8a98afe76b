#include <carillon/journal/event.hpp>

#include <algorithm>
#include <charconv>

namespace carillon {

namespace {
constexpr std::size_t epoch_size = 8;
}

std::size_t event::size() const noexcept {
    std::size_t total = data.size() + comment.size() + metadata.size() + timestamp.size() +
                        key.size() + kind.size();
    for (const topic& t : topics) total += t.str().size();
    if (id) total += id->str().size();
    if (name) total += name->str().size();
    return total;
}

std::string cursor::str() const {
    return epoch + "." + std::to_string(pos.value) + (values_owed ? "~" : "");
}

std::optional<cursor> cursor::parse(std::string_view text) noexcept {
    if (text.size() < epoch_size + 2 || text[epoch_size] != '.') return std::nullopt;
    const std::string_view epoch = text.substr(0, epoch_size);
    const auto plain = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'); };
    if (!std::ranges::all_of(epoch, plain)) return std::nullopt;
    std::string_view number = text.substr(epoch_size + 1);
    const bool values_owed = number.ends_with('~');
    if (values_owed) number.remove_suffix(1);
    if (number.size() > 1 && number.front() == '0') return std::nullopt;
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (error != std::errc{} || end != number.data() + number.size()) return std::nullopt;
    return cursor{std::string(epoch), position{value}, values_owed};
}

}  // namespace carillon
