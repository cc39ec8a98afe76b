// Streams that end: jobs, and the output of models. A topic with a beginning and an end.
#pragma once

#include <carillon/hub/hub.hpp>

#include "base/string_map.hpp"
#include "http/server.hpp"
#include "transport/stream_host.hpp"

#include <mutex>
#include <string>

namespace carillon::surfaces {

/// Which streams are being written, and whether somebody asked to stop. Synchronised inside.
class open_streams {
public:
    enum class state : std::uint8_t { unknown, open, closing };

    state of(std::string_view id) const;
    void add(const std::string& id);
    /// False if it is closed, or being closed, already.
    bool begin_closing(const std::string& id);
    void remove(std::string_view id);
    bool request_stop(std::string_view id);
    bool stop_requested(std::string_view id) const;

private:
    struct record {
        bool closing = false;
        bool stop = false;
    };
    mutable std::mutex mutex_;  // guards all below
    string_map<record> records_;
};

/// `POST …/streams` begins one, `POST …/streams/{id}` appends, `POST …/streams/{id}/close` ends it
/// for good, `DELETE` asks its producer to stop. `GET` reads it from the start or from a cursor;
/// behind the end it is 204, which stops an EventSource.
class finite_streams {
public:
    finite_streams(hub& h, transport::stream_host& streams, const stream_profile& profile)
        : hub_(h), streams_(streams), profile_(profile) {}

    void begin(http::request& r, http::responder answer);
    void append(http::request& r, http::responder answer);
    void close(http::request& r, http::responder answer);
    void request_stop(http::request& r, http::responder answer);
    void read(http::request& r, http::responder answer);

private:
    using open_call = std::function<void(http::responder)>;
    void with_open(std::string id, http::responder answer, open_call call);

    hub& hub_;
    transport::stream_host& streams_;
    const stream_profile& profile_;
    open_streams open_;
};

}  // namespace carillon::surfaces
