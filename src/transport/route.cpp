#include "transport/route.hpp"

namespace carillon::transport {

std::string_view to_string(access a) noexcept {
    switch (a) {
        case access::none:
            return "none";
        case access::optional:
            return "optional";
        case access::user:
            return "user";
        case access::verified_user:
            return "verified_user";
        case access::owner:
            return "owner";
        case access::publisher:
        case access::sender:
            return "publisher";
        case access::admin:
            return "admin";
    }
    return "admin";
}

std::vector<route> switched_off(std::vector<route> routes, std::string_view detail) {
    for (route& r : routes) {
        r.who = {access::none, access::none};
        r.takes = {};
        r.upload = {};
        r.handle = [why = error{errc::disabled, std::string(detail)}](
                       http::request&, const principal&, http::responder answer) {
            answer.send(why);
        };
    }
    return routes;
}

}  // namespace carillon::transport
