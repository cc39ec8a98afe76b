// Wire bytes of an event, made at first need and shared by all subscribers of a shard.
#pragma once

#include <carillon/hub/envelope.hpp>
#include <carillon/journal/journal.hpp>

#include "hub/receipts.hpp"
#include "hub/visibility.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <sys/uio.h>

namespace carillon {

/// One block, laid out once for both framings: chunk head, block, CRLF. Empty: nothing is sent.
struct block {
    std::string bytes;
    std::size_t head = 0;  ///< size of the chunk head
    std::size_t body = 0;

    std::string_view raw() const noexcept { return std::string_view(bytes).substr(head, body); }
    std::string_view view(bool chunked) const noexcept {
        return chunked ? std::string_view(bytes) : raw();
    }
};

/// Adds the chunk's head and end around `text`; an empty chunk would end the response, so an empty
/// text gives an empty block.
std::shared_ptr<const block> make_block(std::string_view text);

/// A block without bytes, for what moves a stream's cursor and is not shown.
const std::shared_ptr<const block>& nothing_to_show();

/// Confined to its shard.
struct encoded_event {
    event_ptr event;
    std::uint64_t seq = 0;               ///< on the tail; 0 when it was read from the journal
    std::shared_ptr<const block> plain;  ///< form 0; a block without body: shown nowhere
    std::vector<std::shared_ptr<const block>> others;  ///< forms from 1 on; all or none
    std::size_t bytes = 0;                             ///< that the cache counts for it
    bool remembered = false;                           ///< by the cache
    bool guarded = false;                              ///< `is_guarded`
    std::unique_ptr<visibility_memo> memo;             ///< made at first need
    std::unique_ptr<watched_event> watched;            ///< null: nobody asks what becomes of it
};

/// In which bytes a stream gets its events: an envelope, and with or without the id.
using form_id = std::uint16_t;

/// The encoder and its bounded memory of encodings, by position: a newer event takes the place of
/// an older one. Confined to its shard.
class encode_cache {
public:
    using envelopes = std::vector<std::shared_ptr<const envelope>>;
    /// `ids` gives the hub's own ids; it must outlive the cache.
    encode_cache(envelopes known, const journal& ids, std::size_t max_bytes);

    static form_id form_of(envelope_id kind) noexcept { return static_cast<form_id>(2 * kind); }
    /// The same without ids, for what must not move the client's cursor.
    static form_id without_id(form_id form) noexcept { return form | 1u; }

    /// The encodings of `e`, shared with whoever asked before. Ephemeral events are not remembered.
    std::shared_ptr<encoded_event> get(const event_ptr& e);

    /// The block of `e` in a form. Lives as long as `e`.
    const std::shared_ptr<const block>& block_of(encoded_event& e, form_id form);

    /// A control event for streams of this form. All of them are made here.
    static std::shared_ptr<const block> control(form_id form, std::string_view text);

    /// What all that is remembered takes, about.
    std::size_t bytes() const noexcept { return bytes_; }
    void resize(std::size_t max_bytes) noexcept { max_bytes_ = max_bytes; }

private:
    static constexpr std::size_t places = 4096;

    void forget(std::shared_ptr<encoded_event>& place);
    void count(encoded_event& e, std::size_t bytes) noexcept;

    const envelopes envelopes_;
    const journal& ids_;
    std::size_t max_bytes_;
    std::size_t bytes_ = 0;
    std::vector<std::shared_ptr<encoded_event>> by_position_;  ///< modulo `places`
    std::size_t hand_ = 0;                                     ///< which place gives way next
    std::string scratch_;
};

}  // namespace carillon
