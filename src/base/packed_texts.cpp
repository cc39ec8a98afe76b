#include "base/packed_texts.hpp"

#include <algorithm>

namespace carillon {

namespace {

constexpr unsigned bits = 7;
constexpr unsigned char more = 1u << bits;

std::size_t size_of(std::size_t number) noexcept {
    std::size_t size = 1;
    while ((number >>= bits) != 0) ++size;
    return size;
}

char* write(char* to, std::size_t number) noexcept {
    for (; number >= more; number >>= bits) *to++ = static_cast<char>(number % more | more);
    *to++ = static_cast<char>(number);
    return to;
}

}  // namespace

packed_texts::packed_texts(std::span<const std::string_view> texts) {
    if (texts.empty()) return;
    std::size_t size = size_of(texts.size());
    for (const std::string_view t : texts) size += size_of(t.size()) + t.size();
    bytes_ = std::make_unique_for_overwrite<char[]>(size);
    char* to = write(bytes_.get(), texts.size());
    for (const std::string_view t : texts) to = std::ranges::copy(t, write(to, t.size())).out;
}

std::string_view packed_texts::operator[](std::size_t place) const noexcept {
    reader all = read();
    while (place-- != 0) all.next();
    return all.next();
}

std::string_view packed_texts::reader::next() noexcept {
    if (left_ == 0) return {};
    --left_;
    const std::size_t size = number();
    const std::string_view text(at_, size);
    at_ += size;
    return text;
}

std::size_t packed_texts::reader::number() noexcept {
    std::size_t value = 0;
    for (unsigned shift = 0;; shift += bits) {
        const auto byte = static_cast<unsigned char>(*at_++);
        value |= static_cast<std::size_t>(byte % more) << shift;
        if (byte < more) return value;
    }
}

}  // namespace carillon
