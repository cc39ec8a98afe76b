#include "surfaces/support/connections.hpp"

#include "surfaces/support/json_answer.hpp"
#include "surfaces/support/paging.hpp"
#include "transport/on_loop.hpp"

#include <utility>
#include <vector>

namespace carillon::surfaces {

std::string connection_json(const client_info& c) {
    json_object out;
    out.text("id", c.id).text_if("userId", c.user).text_if("sessionId", c.session);
    out.text("surface", c.profile);
    if (!c.metadata.empty()) out.raw("metadata", c.metadata);
    out.text("address", c.address).time("connectedAt", c.connected_at);
    out.text_if("lastEventId", c.last_event_id);
    if (c.last_event_at) out.time("lastEventAt", *c.last_event_at);
    return out.number("eventsSent", c.events).number("bytesSent", c.bytes).take();
}

void list_connections(hub& h, const http::request& r, http::responder answer, client_query q,
                      std::string member) {
    const auto limit = limit_of(r);
    if (!limit) return answer.send(limit.error());
    q.limit = *limit;
    q.after = r.query_value("after").value_or("");
    h.list_clients(std::move(q),
                   transport::on_loop_of(std::move(answer), [&h, member = std::move(member)](
                                                                http::responder& to,
                                                                const result<client_page>& page) {
                       if (!page) return to.send(page.error());
                       std::vector<std::string> texts;
                       for (const client_info& c : page->clients)
                           texts.push_back(connection_json(c));
                       json_object text;
                       text.number("total", h.subscribers()).raw(member, json_list(texts));
                       text.text_if("next", page->next);
                       to.send(http::json_response(200, text.take()));
                   }));
}

}  // namespace carillon::surfaces
