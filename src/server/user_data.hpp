// What is kept of one user, for whoever has to show or to erase it.
#pragma once

#include <carillon/hub/hub.hpp>
#include <carillon/store/record_store.hpp>

#include "http/server.hpp"
#include "transport/route.hpp"

#include <memory>
#include <vector>

namespace carillon::server {

/// `GET /admin/users/{user}/data` exports records and events of a user, `DELETE` erases them: rows
/// go, and events that the journal keeps for the user lose their content, and open
/// streams leave the user's rooms. What was sent on to
/// others stays theirs. Immutable.
class user_data {
public:
    user_data(hub& events, store::record_store& records) : events_(events), records_(records) {}

    /// They refer to this object.
    std::vector<transport::route> routes();

private:
    struct sweep;
    void show(http::request& r, http::responder answer);
    void erase(http::request& r, http::responder answer);
    void leave_rooms(std::shared_ptr<sweep> s);
    void read_page(std::shared_ptr<sweep> s);
    void next_room(std::shared_ptr<sweep> s);
    void take_back(std::shared_ptr<sweep> s, std::vector<event_ptr> page, bool more);

    hub& events_;
    store::record_store& records_;
};

}  // namespace carillon::server
