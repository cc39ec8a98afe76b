#include <carillon/hub/dialect.hpp>

#include "base/json_text.hpp"
#include "base/time_text.hpp"
#include "hub/presence_directory.hpp"

#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace carillon {

namespace {

template <class... Values>
void append(std::string& out, fmt::format_string<Values...> text, Values&&... values) {
    fmt::format_to(std::back_inserter(out), text, std::forward<Values>(values)...);
}

}  // namespace

void stream_dialect::opening(const opening_facts& facts, std::string& out) const {
    const resume_verdict verdict = facts.verdict.value_or(resume_verdict::fresh);
    append(out, "id: {}\nevent: carillon.open\nretry: {}\n", facts.id, facts.retry.count());
    append(out, R"(data: {{"resume":"{}","client":"{}","topics":[)", to_string(verdict),
           facts.client);
    bool first = true;
    for (const std::string& topic : facts.topics) {
        if (!std::exchange(first, false)) out += ',';
        append_json_string(out, topic);
    }
    out += ']';
    if (facts.remembered) append(out, R"(,"remembered":{})", *facts.remembered);
    if (facts.lost) {
        append(out, R"(,"from":"{}","to":"{}","reason":"{}")", facts.lost->from, facts.lost->to,
               facts.lost->reason);
    }
    if (facts.events && verdict != resume_verdict::fresh)
        append(out, R"(,"events":{})", *facts.events);
    out += "}\n\n";
}

void stream_dialect::heartbeat(const heartbeat_facts& facts, std::string& out) const {
    if (!facts.as_event) {
        out += ":\n";
        return;
    }
    const auto ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(facts.now.time_since_epoch());
    append(out, "event: heartbeat\ndata: {{\"timestamp\":{}}}\n\n", ms.count());
}

void stream_dialect::cursor(std::string_view id, std::string& out) const {
    append(out, "id: {}\nevent: carillon.cursor\ndata: {{}}\n\n", id);
}

void stream_dialect::gap(const lost_events& lost, std::string& out) const {
    append(out,
           "event: carillon.gap\n"
           "data: {{\"from\":\"{}\",\"to\":\"{}\",\"reason\":\"{}\"}}\n\n",
           lost.from, lost.to, lost.reason);
}

void stream_dialect::expiring(const expiring_facts& facts, std::string& out) const {
    append(out, "event: carillon.expiring\ndata: {{\"at\":\"{}\",\"in_ms\":{}}}\n\n",
           rfc3339(facts.at), facts.left.count());
}

void stream_dialect::renewed(const renewed_facts& facts, std::string& out) const {
    out += "event: carillon.renewed\ndata: {";
    if (facts.expires) append(out, R"("expires":"{}",)", rfc3339(*facts.expires));
    out += R"("dropped":[)";
    bool first = true;
    for (const std::string& topic : facts.dropped) {
        if (!std::exchange(first, false)) out += ',';
        append_json_string(out, topic);
    }
    out += "]}\n\n";
}

void stream_dialect::presence(std::string_view topic, std::string_view room,
                              const presence_list& who, std::string& out) const {
    append(out, "event: carillon.presence\ndata: {}\n\n", presence_json(topic, room, who));
}

void stream_dialect::close(const closing_facts& facts, std::string& out) const {
    if (facts.retry) append(out, "retry: {}\n", facts.retry->count());
    append(out, "event: carillon.close\ndata: {{\"reason\":\"{}\"}}\n\n", to_string(facts.why));
}

const stream_dialect& default_dialect() noexcept {
    static const stream_dialect dialect;
    return dialect;
}

}  // namespace carillon
