// Which answers are compressed, and which never are.
#pragma once

#include "http/message.hpp"
#include "http/server.hpp"

namespace carillon::http {

/// Past this an answer would hold up the others of its loop; what is that long should be prepared.
inline constexpr std::size_t max_compressed_answer = 256u << 10;

/// Whether the request says who asks: then its answer may hold what only that user may know beside
/// what somebody else has chosen, and the size of the two compressed together would tell of the
/// first (the BREACH attack).
bool has_credentials(const compression_rules& rules, const request& r) noexcept;

/// Compresses the body in `accepted` if it is worth it: text, from `min_size` to
/// `max_compressed_answer`, not coded yet, without a tag, not `no-store` or `no-transform`, sets no
/// cookie. Says `Vary: Accept-Encoding` where another client would have got another coding.
void compress(response& r, content_coding accepted, const compression_rules& rules);

}  // namespace carillon::http
