#include <carillon/hub/shard.hpp>

#include "hub/shard_impl.hpp"

namespace carillon {

shard::shard(hub& owner, executor& on, unsigned number)
    : impl_(std::make_unique<impl>(owner, on, number)) {}
shard::~shard() = default;

result<> shard::admits(const stream_request& request) const { return impl_->admits(request); }
result<subscriber*> shard::open(stream_request request) { return impl_->open(std::move(request)); }
void shard::writable(subscriber& s) {
    impl_->guarded(impl::name_of(s), [&] { impl_->writable(s); });
}
void shard::remove(subscriber& s) { impl_->remove(s); }
void shard::end(subscriber& s, close_reason why) { impl_->end(s, why); }
void shard::heartbeat(subscriber& s) {
    impl_->guarded(impl::name_of(s), [&] { impl_->heartbeat(s); });
}
result<> shard::subscribe(subscriber& s, const topic_pattern& topic) {
    return impl_->subscribe(s, topic);
}
result<> shard::unsubscribe(subscriber& s, const topic_pattern& topic) {
    return impl_->unsubscribe(s, topic);
}
client_info shard::describe(const subscriber& s) const { return impl_->describe(s); }
std::string shard::id_of(const subscriber& s) const { return impl_->id_of(s); }
std::string shard::public_id_of(const subscriber& s) const { return impl_->public_id_of(s); }
unsigned shard::number() const noexcept { return impl_->number(); }
executor& shard::on() const noexcept { return impl_->on(); }
const shard_counters& shard::counters() const noexcept { return impl_->counters(); }

}  // namespace carillon
