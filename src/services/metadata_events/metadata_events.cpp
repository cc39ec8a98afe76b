#include <carillon/services/metadata_events.hpp>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include <boost/json.hpp>

namespace carillon::services {

namespace {

constexpr std::string_view of_user = "carillon.user";
constexpr std::string_view of_session = "carillon.session";

/// A `notification` with fields is one for all that show notifications.
std::string_view kind_of(const named_event& what) {
    return what.event == "notification" && what.data.starts_with('{') ? "notification" : "custom";
}

/// The streams that satisfy a filter. One that names a single thing reaches all streams that it is
/// true of; several things are held against the attributes that `filter_attributes` gives.
result<audience> audience_of(client_filter f) {
    if (f.empty())
        return fail(errc::invalid_request,
                    "say for whom: users, sessions, clients or metadata, or broadcast");
    const int named = int{!f.users.empty()} + int{!f.sessions.empty()} + int{!f.clients.empty()} +
                      int{!f.metadata.empty()};
    if (named == 1) {
        audience to;
        to.users = std::move(f.users);
        to.sessions = std::move(f.sessions);
        to.clients = std::move(f.clients);
        to.all_of = std::move(f.metadata);
        return to;
    }
    if (!f.clients.empty() || f.users.size() > 1 || f.sessions.size() > 1)
        return fail(errc::invalid_request,
                    "client ids, several users and several sessions stand alone in a filter");
    // A session's name is the client's own word; only with its user it is more than that.
    if (f.users.empty())
        return fail(errc::invalid_request, "a session beside metadata needs its user");
    audience to;
    if (!f.sessions.empty()) to.all_of.push_back({std::string(of_session), f.sessions.front()});
    if (!f.users.empty()) to.all_of.push_back({std::string(of_user), f.users.front()});
    std::ranges::move(f.metadata, std::back_inserter(to.all_of));
    return to;
}

}  // namespace

std::vector<attribute> filter_attributes(std::string_view user, std::string_view session) {
    std::vector<attribute> all;
    if (!user.empty()) all.push_back({std::string(of_user), std::string(user)});
    if (!session.empty()) all.push_back({std::string(of_session), std::string(session)});
    return all;
}

void metadata_events::publish(audience to, named_event what, std::string_view kind, callback done) {
    if (!done) done = [](const auto&) {};
    auto name = wire::event_name::parse(what.event);
    if (!name || what.event.starts_with("carillon."))
        return done(fail(errc::invalid_request,
                         "`event` is one line of text, not empty, and does not begin with "
                         "`carillon.`"));
    if (what.data.empty()) what.data = "null";
    boost::system::error_code wrong;
    boost::json::parse(what.data, wrong);
    if (wrong) return done(fail(errc::invalid_request, "`data` is no JSON value"));
    event e;
    e.kind = kind;
    e.name = std::move(*name);
    e.data = std::move(what.data);
    e.payload = payload_kind::json;
    e.id = std::move(what.id);
    e.retry = what.retry;
    std::vector<event> one;
    one.push_back(std::move(e));
    hub_.publish(std::move(one), std::move(to), std::move(what.key), std::move(done));
}

void metadata_events::notify_user(std::string user, named_event what, callback done) {
    const std::string_view kind = kind_of(what);
    publish({.users = {std::move(user)}}, std::move(what), kind, std::move(done));
}

void metadata_events::notify_with_metadata(std::vector<attribute> metadata, named_event what,
                                           callback done) {
    notify({.metadata = std::move(metadata)}, std::move(what), std::move(done));
}

void metadata_events::notify(client_filter to, named_event what, callback done) {
    auto whom = audience_of(std::move(to));
    if (!whom) {
        if (done) done(std::unexpected(whom.error()));
        return;
    }
    const std::string_view kind = kind_of(what);
    publish(std::move(*whom), std::move(what), kind, std::move(done));
}

void metadata_events::broadcast(named_event what, callback done) {
    publish({.everyone = true}, std::move(what), "broadcast", std::move(done));
}

}  // namespace carillon::services
