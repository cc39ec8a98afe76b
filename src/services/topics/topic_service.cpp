#include <carillon/services/topic_service.hpp>

namespace carillon::services {

namespace {

hub::publish_callback or_nothing(hub::publish_callback done) {
    return done ? std::move(done) : [](const auto&) {};
}

}  // namespace

result<std::string> topic_service::create_client(shard& home, connection& out) const {
    stream_request request;
    request.out = &out;
    request.profile = &profile_;
    request.topics_later = true;
    const auto opened = home.open(std::move(request));
    if (!opened) return std::unexpected(opened.error());
    if (*opened == nullptr) return fail(errc::send_error, "the connection broke while opening");
    return home.id_of(**opened);
}

void topic_service::remove_client(std::string_view client, callback done) {
    hub_.remove(client, std::move(done));
}

void topic_service::subscribe(std::string_view client, std::string_view topic, callback done) {
    auto pattern = topic_pattern::parse(topic, hub_.options()->max_topic_length);
    if (!pattern) return done(std::unexpected(pattern.error()));
    hub_.subscribe(client, std::move(*pattern), std::move(done));
}

void topic_service::unsubscribe(std::string_view client, std::string_view topic, callback done) {
    auto pattern = topic_pattern::parse(topic, hub_.options()->max_topic_length);
    if (!pattern) return done(std::unexpected(pattern.error()));
    hub_.unsubscribe(client, std::move(*pattern), std::move(done));
}

void topic_service::send_event(std::string_view client, event e, hub::publish_callback done) {
    hub_.send(std::string(client), std::move(e), std::nullopt, or_nothing(std::move(done)));
}

void topic_service::broadcast(event e, hub::publish_callback done) {
    std::vector<event> one;
    one.push_back(std::move(e));
    hub_.publish(std::move(one), or_nothing(std::move(done)));
}

void topic_service::start_heartbeat(std::string_view client, callback done) {
    hub_.heartbeat(client, std::move(done));
}

}  // namespace carillon::services
