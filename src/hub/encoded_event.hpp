// Wire bytes of an event, made at first need and shared by all subscribers of a shard.
#pragma once

#include <carillon/coding/content_coding.hpp>
#include <carillon/hub/envelope.hpp>
#include <carillon/journal/journal.hpp>

#include "coding/block_coder.hpp"
#include "hub/receipts.hpp"
#include "hub/visibility.hpp"

#include <cstdint>
#include <forward_list>
#include <functional>
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
    /// What a client decodes it to, as part of its stream; nothing where nothing is coded.
    coding::text_part text;

    std::string_view raw() const noexcept { return std::string_view(bytes).substr(head, body); }
    std::string_view view(bool chunked) const noexcept {
        return chunked ? std::string_view(bytes) : raw();
    }
};

/// Adds the chunk's head and end around `bytes`; an empty chunk would end the response, so no bytes
/// give an empty block.
std::shared_ptr<const block> make_block(std::string_view bytes, coding::text_part text = {});

/// A block without bytes, for what moves a stream's cursor and is not shown.
const std::shared_ptr<const block>& nothing_to_show();

/// In which bytes a stream gets its events: an envelope, with or without the id, and a coding.
using form_id = std::uint16_t;

struct coded_block {
    form_id form = 0;
    std::shared_ptr<const block> made;
};

/// Confined to its shard.
struct encoded_event {
    event_ptr event;
    std::uint64_t seq = 0;               ///< on the tail; 0 when it was read from the journal
    std::shared_ptr<const block> plain;  ///< form 0; a block without body: shown nowhere
    std::vector<std::shared_ptr<const block>> others;  ///< forms from 1 on; all or none
    std::forward_list<coded_block> coded;              ///< few, and they stay where they are
    std::size_t bytes = 0;                             ///< that the cache counts for it
    bool remembered = false;                           ///< by the cache
    bool guarded = false;                              ///< `is_guarded`
    std::unique_ptr<visibility_memo> memo;             ///< made at first need
    std::unique_ptr<watched_event> watched;            ///< null: nobody asks what becomes of it
};

/// The encoder and its bounded memory of encodings, by position: a newer event takes the place of
/// an older one. Confined to its shard.
class encode_cache {
public:
    using envelopes = std::vector<std::shared_ptr<const envelope>>;
    /// From how many bytes on an event's block is worth a compression, or may have one.
    using compression_rule = std::function<std::size_t(const event&)>;
    /// `ids` gives the hub's own ids; it must outlive the cache.
    encode_cache(envelopes known, const journal& ids, std::size_t max_bytes,
                 compression_rule compress_from = {});

    static form_id form_of(envelope_id kind,
                           content_coding coding = content_coding::identity) noexcept {
        return static_cast<form_id>(2u * kind | static_cast<unsigned>(coding) << coding_shift);
    }
    static content_coding coding_of(form_id form) noexcept {
        return static_cast<content_coding>(form >> coding_shift);
    }
    /// The same without ids, for what must not move the client's cursor.
    static form_id without_id(form_id form) noexcept { return form | 1u; }

    /// The encodings of `e`, shared with whoever asked before. Ephemeral events are not remembered.
    std::shared_ptr<encoded_event> get(const event_ptr& e);

    /// The block of `e` in a form. Lives as long as `e`.
    const std::shared_ptr<const block>& block_of(encoded_event& e, form_id form);

    /// A control event for streams of this form. All of them are made here. They are stored, never
    /// compressed: they say what a stream asked for beside what only it may know.
    static std::shared_ptr<const block> control(form_id form, std::string_view text);
    /// The first block of a stream of this form, with its first control event, if there is one.
    static std::shared_ptr<const block> opening(form_id form, std::string_view text);
    /// What ends a stream of this form and sum; an empty block if nothing does.
    static std::shared_ptr<const block> trailer(form_id form, const coding::text_sum& all);

    /// What all that is remembered takes, about.
    std::size_t bytes() const noexcept { return bytes_; }
    void resize(std::size_t max_bytes) noexcept { max_bytes_ = max_bytes; }

private:
    static constexpr std::size_t places = 4096;
    static constexpr unsigned coding_shift = 12;  ///< above 256 envelopes with and without id

    void forget(std::shared_ptr<encoded_event>& place);
    void count(encoded_event& e, std::size_t bytes) noexcept;
    /// Writes the event's text into `scratch_`. False if streams of this form do not show it.
    bool write(const encoded_event& e, form_id plain_form);
    const std::shared_ptr<const block>& coded_block_of(encoded_event& e, form_id form);

    const envelopes envelopes_;
    const journal& ids_;
    std::size_t max_bytes_;
    std::size_t bytes_ = 0;
    std::vector<std::shared_ptr<encoded_event>> by_position_;  ///< modulo `places`
    std::size_t hand_ = 0;                                     ///< which place gives way next
    const compression_rule compress_from_;
    coding::block_coder coder_;
    std::string scratch_;
    std::string coded_scratch_;
};

}  // namespace carillon
