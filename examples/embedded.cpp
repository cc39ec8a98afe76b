// The hub inside a program: no server, no socket, one thread. A program with a web server of its
// own implements `connection` over its responses, and `executor` over its event loop.
#include <carillon/journal/open.hpp>
#include <carillon/services/topic_service.hpp>

#include "one_thread.hpp"

#include <cstdio>
#include <string>

namespace {

carillon::event make_event(std::string_view topic, std::string data) {
    carillon::event e;
    e.topics.push_back(*carillon::topic::parse(topic));
    e.data = std::move(data);
    return e;
}

}  // namespace

int main() {
    loop on;
    console out;
    carillon::hub hub({}, carillon::make_memory_journal({}));
    carillon::shard& shard = hub.add_shard(on);
    carillon::services::topic_service service(hub);

    const auto client = service.create_client(shard, out);
    if (!client) {
        std::fprintf(stderr, "%s\n", client.error().detail.c_str());
        return 1;
    }
    service.subscribe(*client, "orders/*");
    on.run();
    service.broadcast(make_event("orders/42", "paid"));
    service.broadcast(make_event("invoices/7", "nobody listens"));
    service.send_event(*client, make_event("ignored", "for you alone"));
    on.run();
    service.unsubscribe(*client, "orders/*");
    on.run();
    service.broadcast(make_event("orders/43", "too late"));
    service.remove_client(*client);
    on.run();

    const auto has = [&](std::string_view text) { return out.text.contains(text); };
    return has("data: paid\n") && has("data: for you alone\n") && !has("nobody") &&
                   !has("too late") && out.closed
               ? 0
               : 1;
}
