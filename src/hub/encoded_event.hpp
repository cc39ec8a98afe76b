// Wire bytes of an event, made at first need and shared by all subscribers of a shard.
#pragma once

#include <carillon/hub/envelope.hpp>
#include <carillon/journal/event.hpp>

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <sys/uio.h>

namespace carillon {

/// One block, laid out once for both framings: chunk head, block, CRLF.
struct block {
    std::string bytes;
    std::uint32_t head = 0;  ///< size of the chunk head
    std::uint32_t body = 0;

    std::string_view raw() const noexcept { return std::string_view(bytes).substr(head, body); }
    std::string_view view(bool chunked) const noexcept {
        return chunked ? std::string_view(bytes) : raw();
    }
};

/// Adds the chunk's head and end around `text`.
std::shared_ptr<const block> make_block(std::string_view text);
/// The same bytes in either framing, such as a response head.
std::shared_ptr<const block> make_unframed(std::string text);

/// Confined to its shard.
struct encoded_event {
    event_ptr event;
    std::uint64_t seq = 0;  ///< on the tail; 0 when it was read from the journal
    std::vector<std::shared_ptr<const block>>
        blocks;  ///< by envelope; a block without body: shown nowhere
};

/// The encoder and its bounded memory: the newest encodings, by position. Confined to its shard.
class encode_cache {
public:
    using envelopes = std::vector<std::shared_ptr<const envelope>>;
    encode_cache(envelopes known, std::string epoch, std::size_t max_bytes)
        : envelopes_(std::move(known)), epoch_(std::move(epoch)), max_bytes_(max_bytes) {}

    /// The encodings of `e`, shared with whoever asked before. Ephemeral events are not remembered.
    std::shared_ptr<encoded_event> get(const event_ptr& e);

    /// The block of `e` for an envelope. Lives as long as `e`.
    const std::shared_ptr<const block>& block_of(encoded_event& e, envelope_id kind);

private:
    void evict();

    const envelopes envelopes_;
    const std::string epoch_;
    const std::size_t max_bytes_;
    std::size_t bytes_ = 0;
    std::list<std::shared_ptr<encoded_event>> order_;  ///< oldest first
    std::unordered_map<std::uint64_t, std::list<std::shared_ptr<encoded_event>>::iterator>
        by_position_;
    std::string scratch_;
};

}  // namespace carillon
