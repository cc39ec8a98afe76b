// Writing: blocks go to a stream's connection, its cursor goes with them, and what is not taken
// makes the stream behind.
#include <carillon/base/log.hpp>
#include <carillon/hub/hub.hpp>

#include "base/random.hpp"
#include "hub/shard_impl.hpp"

#include <algorithm>
#include <array>

namespace carillon {

namespace {
// One write: below IOV_MAX, and no more than a socket may take at once.
constexpr std::size_t max_slices = 512;
}  // namespace

outcome shard::impl::write(subscriber& s, std::span<const item> items) {
    s.last_write = on_.now();
    while (!items.empty()) {
        const auto some = items.first(std::min(max_slices, items.size()));
        if (const outcome result = write_some(s, some); result != outcome::done) return result;
        items = items.subspan(some.size());
    }
    return outcome::done;
}

outcome shard::impl::write_some(subscriber& s, std::span<const item> items) {
    std::array<iovec, max_slices> slices;  // NOLINT: filled below as far as it is read
    std::size_t count = 0;
    std::size_t offered = 0;
    for (const item& i : items) {
        const std::string_view text = (*i.bytes)->view(s.chunked);
        if (text.empty()) continue;
        slices[count++] = {const_cast<char*>(text.data()), text.size()};
        offered += text.size();
    }
    const std::ptrdiff_t taken = count == 0 ? 0 : s.out->write({slices.data(), count});
    if (taken == connection::broken) {
        close(s, close_reason::broken);
        return outcome::gone;
    }
    const auto written = static_cast<std::size_t>(taken);
    counters_.bytes.fetch_add(written, std::memory_order_relaxed);
    s.bytes += written;
    std::size_t left = written;
    std::uint64_t events = 0;
    std::uint64_t text = 0;
    std::uint64_t coded = 0;
    for (const item& i : items) {
        const std::size_t size = (*i.bytes)->view(s.chunked).size();
        if (left < size) {
            block_on(s, i, left);
            break;
        }
        left -= size;
        if ((*i.bytes)->text.size != 0) {
            text += (*i.bytes)->text.size;
            coded += (*i.bytes)->body;
        }
        advance(s, i);
        events += i.kind == item_kind::event ? 1 : 0;
    }
    if (text != 0) {
        counters_.text.fetch_add(text, std::memory_order_relaxed);
        counters_.coded.fetch_add(coded, std::memory_order_relaxed);
    }
    if (events != 0) {
        counters_.delivered.fetch_add(events, std::memory_order_relaxed);
        s.events += events;
        s.last_event = s.last_write;
        counters_.last_event.store(s.last_event.time_since_epoch().count(),
                                   std::memory_order_relaxed);
    }
    return written < offered ? outcome::blocked : outcome::done;
}

// The client has it, or will have: its bytes are written or pinned.
void shard::impl::advance(subscriber& s, const item& to) {
    if (encode_cache::coding_of(s.form) == content_coding::gzip) s.sum.add((*to.bytes)->text);
    if (to.kind == item_kind::value) {
        s.behind->walked = to.pos.value;
        return;
    }
    s.cursor = std::max(s.cursor, to.pos);
    s.finished = s.finished || to.is_end;
}

// The connection took `offset` bytes of `at`. Its rest is kept until it is sent; what comes after
// is read again later. A control block is kept even if none of it was sent, because nothing can
// make it again.
void shard::impl::block_on(subscriber& s, const item& at, std::size_t offset) {
    backlog& b = fall_behind(s);
    b.stop_joining();
    b.blocked = true;
    b.since = on_.now();
    schedule(s, on_.now() + std::min<clock::duration>(s.profile->heartbeat_interval,
                                                      std::chrono::seconds(1)));
    if (offset == 0 && at.kind != item_kind::control) return;
    b.pinned = *at.bytes;
    b.offset = offset;
    advance(s, at);
}

backlog& shard::impl::fall_behind(subscriber& s) {
    if (!s.behind) {
        s.behind = std::make_unique<backlog>();
        s.behind->since = on_.now();
        counters_.behind.fetch_add(1, std::memory_order_relaxed);
    }
    return *s.behind;
}

void shard::impl::go_live(subscriber& s) {
    const bool told = s.behind->presence_told;
    const std::unique_ptr<renewed_facts> renewed = std::move(s.behind->renewed);
    s.behind.reset();
    counters_.behind.fetch_sub(1, std::memory_order_relaxed);
    if (renewed && tell_renewed(s, std::move(*renewed)) == outcome::gone) return;
    // It may have missed changes meanwhile.
    if (!told) (void)tell_presence(s);
}

void shard::impl::writable(subscriber& s) {
    if (!s.behind || !s.behind->blocked) return;
    backlog& late = *s.behind;
    if (late.pinned) {
        const std::string_view rest = late.pinned->view(s.chunked).substr(late.offset);
        const iovec slice{const_cast<char*>(rest.data()), rest.size()};
        const std::ptrdiff_t taken = s.out->write({&slice, 1});
        if (taken == connection::broken) return close(s, close_reason::broken);
        counters_.bytes.fetch_add(static_cast<std::uint64_t>(taken), std::memory_order_relaxed);
        s.bytes += static_cast<std::uint64_t>(taken);
        s.last_write = on_.now();
        late.since = on_.now();
        if (static_cast<std::size_t>(taken) < rest.size()) {
            late.offset += static_cast<std::size_t>(taken);
            return;
        }
        late.pinned.reset();
        late.offset = 0;
    }
    late.blocked = false;
    if (s.finished) return end(s, close_reason::finished);
    replayer_.queue(s);
}

opening_facts shard::impl::facts_of(const subscriber& s) const {
    opening_facts facts;
    facts.client = id_of(s);
    if (s.who() != nullptr) facts.user = s.who()->user();
    if (s.durable() != nullptr) facts.remembered = s.durable()->remembered;
    facts.now = std::chrono::system_clock::now();
    facts.topics = topics_of(s);
    return facts;
}

std::string shard::impl::resume_id(const subscriber& s) const {
    std::string id = hub_.id_of(s.cursor);
    return s.behind && s.behind->values_owed ? id + '~' : id;
}

void shard::impl::end(subscriber& s, close_reason why) {
    log::debug("stream ended", {{"client", public_id_of(s)}, {"reason", to_string(why)}});
    if (s.behind && s.behind->blocked) return close(s, why);
    const bool unbegun = s.behind && s.behind->open;
    if (unbegun) s.out->begin(facts_of(s));
    closing_facts facts{.why = why, .id = {}, .retry = {}};
    // Before it has begun, nobody knows yet what the client has.
    if (!unbegun) facts.id = resume_id(s);
    const auto downtime = hub_.options()->expected_downtime;
    if (why == close_reason::drained && downtime.count() > 0) facts.retry = spread_beyond(downtime);
    // Two pages with one token would push each other out for ever, and a gap does not close: a
    // client that does not give up waits.
    if (why == close_reason::replaced || why == close_reason::gap)
        facts.retry = spread_beyond(s.profile->retry * 10);
    std::string text;
    s.dialect().close(facts, text);
    const auto block = unbegun ? encode_cache::opening(s.form, text) : control(s, text);
    coding::text_sum all = s.sum;
    all.add(block->text);
    const auto trailer = encode_cache::trailer(s.form, all);
    const std::array<item, 2> last{{{&block, {}}, {&trailer, {}}}};
    if (write(s, last) != outcome::gone) close(s, why);
}

void shard::impl::close(subscriber& s, close_reason why) {
    connection* out = s.out;
    release(s);
    out->close(why);
}

}  // namespace carillon
