// The body of a request as fields: a JSON object, read one field at a time.
#pragma once

#include <carillon/base/result.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::surfaces {

/// Whether a field has to be there. `null` counts as not there.
enum class presence : std::uint8_t { optional, required };

/// Bytes of a text; a limit of 0 entries means that a list may be empty.
struct text_rule {
    presence needed = presence::optional;
    std::size_t max = 256;
};

struct list_rule {
    presence needed = presence::optional;
    std::size_t max_entries = 10'000;
    std::size_t max_text = 256;  ///< bytes of an entry
};

/// Reads a body that is one JSON object (RFC 8259), at most 64 levels deep. Each call takes a field
/// by its name, or by one of its names where clients call it differently. The first mistake is
/// kept, and `done` tells it; what is read after a mistake means nothing. Fields that no call has
/// asked for are a mistake too. The text outlives the reader.
class json_body {
public:
    explicit json_body(std::string_view text);

    /// The names of one field. Two of them in one body are a mistake.
    using names = std::initializer_list<std::string_view>;

    json_body& text(names field, std::string& into, text_rule rule = {});
    /// One JSON value's text in the publisher's own spelling; a `null` is a value.
    json_body& value(names field, std::string& into, text_rule rule = {.max = 1u << 20});
    /// The same of an object.
    json_body& object(names field, std::string& into, text_rule rule = {.max = 1u << 20});
    json_body& flag(names field, bool& into);
    /// A whole number.
    json_body& number(names field, std::int64_t& into, std::int64_t low, std::int64_t high,
                      presence needed = presence::optional);
    /// A list of texts, none of them empty.
    json_body& texts(names field, std::vector<std::string>& into, list_rule rule = {});
    /// A list of whole numbers.
    json_body& numbers(names field, std::vector<std::int64_t>& into, std::int64_t low,
                       std::int64_t high, std::size_t max_entries);
    /// A field that is known and that this call has no use for.
    json_body& ignore(names field);
    /// Whether the field is there and not `null`.
    bool has(std::string_view field) const;

    /// Refuses these where they are `null`: for fields whose absence means more than they say.
    json_body& not_null(names fields);

    /// A mistake that the caller found; the first one counts.
    json_body& refuse(std::string_view field, std::string_view why);
    /// Errors: `invalid_request`, naming the field.
    result<> done();

private:
    struct member {
        std::string name;
        std::string_view slice;
        bool taken = false;
    };

    void fail_with(error why);
    /// Takes the field; nothing if it is not there, or after a mistake.
    std::optional<std::string_view> take(names field, presence needed, bool null_counts = false);

    std::vector<member> members_;
    std::optional<error> mistake_;
};

}  // namespace carillon::surfaces
