// What a stream's connection is given, block by block.
#pragma once

#include "hub/encoded_event.hpp"

#include <cstdint>
#include <memory>

namespace carillon {

enum class item_kind : std::uint8_t {
    control,  ///< of the hub's own: nobody can make it again, so it is kept if the socket is full
    event,    ///< read again from the journal by the cursor
    value,    ///< of a snapshot: read again from where that had come
    skipped,  ///< not shown, only moves the cursor
};

/// One block to write.
struct item {
    const std::shared_ptr<const block>* bytes;
    /// Where the client is once this is written, or of a value, `backlog::walked`. 0: where it was.
    position pos;
    item_kind kind = item_kind::control;
    bool is_end = false;  ///< of a finite stream
};

enum class outcome : std::uint8_t {
    done,
    blocked,  ///< the connection took less than it was offered: the stream is behind
    gone,     ///< the stream has ended, and with it the subscriber
};

}  // namespace carillon
