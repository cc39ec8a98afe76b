// Names that events are published under, and patterns that streams listen to.
#pragma once

#include <carillon/base/result.hpp>

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace carillon {

/// A published topic: 1 to `max_size` bytes of UTF-8 without control characters CR, LF, NUL and
/// without a literal `*`. Segments are separated by `/`; empty segments are kept, so that URIs are
/// topics.
class topic {
public:
    static constexpr std::size_t max_size =
        1024;  ///< upper bound of the setting `limits.max_topic_length`

    static result<topic> parse(std::string_view text, std::size_t limit = max_size);

    const std::string& str() const noexcept { return text_; }
    /// True for the hub's own space: the first segment begins with `$`. Always private; no wildcard
    /// matches it.
    bool internal() const noexcept { return text_.front() == '$'; }
    /// True for names that publishers may not use: internal ones and those that begin with
    /// `carillon.`.
    bool reserved() const noexcept { return internal() || text_.starts_with("carillon."); }

    friend auto operator<=>(const topic&, const topic&) = default;

private:
    explicit topic(std::string_view text) : text_(text) {}
    std::string text_;
};

/// What a stream listens to: a topic, or a pattern in which `*` stands for one non-empty segment
/// and `**`, as the last segment, for zero or more (`a/**` matches `a`). `*` is a wildcard only as
/// a whole segment; anywhere else it is refused, since no topic could match. Below a first segment
/// that begins with `$` it is refused too: that space is the hub's own.
class topic_pattern {
public:
    static result<topic_pattern> parse(std::string_view text, std::size_t limit = topic::max_size);
    explicit topic_pattern(const topic& t)
        : text_(t.str()), literal_size_(static_cast<std::uint32_t>(t.str().size())), wild_(false) {}

    /// `prefix/**`, also in the hub's own space.
    static topic_pattern below(const topic& prefix) {
        return {prefix.str() + "/**", prefix.str().size(), true};
    }

    const std::string& str() const noexcept { return text_; }
    bool is_literal() const noexcept { return !wild_; }
    /// All matching topics begin with this.
    std::string_view literal_prefix() const noexcept {
        return std::string_view(text_).substr(0, literal_size_);
    }
    bool matches(std::string_view topic_text) const noexcept;

    friend bool operator==(const topic_pattern& a, const topic_pattern& b) noexcept {
        return a.text_ == b.text_;
    }
    friend auto operator<=>(const topic_pattern& a, const topic_pattern& b) noexcept {
        return a.text_ <=> b.text_;
    }

private:
    topic_pattern(std::string_view text, std::size_t literal, bool wild)
        : text_(text), literal_size_(static_cast<std::uint32_t>(literal)), wild_(wild) {}
    std::string text_;
    std::uint32_t literal_size_;
    bool wild_;
};

}  // namespace carillon
