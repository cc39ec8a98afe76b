// `carillon doctor`: what stands in front of a hub, and what it does to streams.
#include "base/json_text.hpp"
#include "server/commands.hpp"
#include "server/console.hpp"
#include "server/doctor/examination.hpp"
#include "server/http_client.hpp"
#include "server/service_url.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace carillon::server {

namespace {

std::string as_text(const finding& f) {
    std::string line = fmt::format("{:<10} {:<12} {}\n", to_string(f.is), f.check, f.says);
    if (!f.remedy.empty()) line += fmt::format("{:<23} set: {}\n", "", f.remedy);
    return line;
}

std::string as_json(const std::string& url, const examination& all, bool good) {
    std::string text = R"({"url":)";
    append_json_string(text, url);
    text += fmt::format(R"(,"proxy":"{}","good":{},"findings":[)", to_string(all.proxy()), good);
    bool first = true;
    for (const finding& f : all.findings()) {
        if (!std::exchange(first, false)) text += ',';
        text += fmt::format(R"({{"check":"{}","verdict":"{}","says":)", f.check, to_string(f.is));
        append_json_string(text, f.says);
        if (!f.remedy.empty()) {
            text += R"(,"remedy":)";
            append_json_string(text, f.remedy);
        }
        text += '}';
    }
    return text + "]}\n";
}

}  // namespace

int doctor(const doctor_arguments& a) {
    auto where = service_url::parse(a.url);
    if (!where) {
        complain(fmt::format("carillon: {}", where.error().detail));
        return 2;
    }
    catch_interrupts();
    examination all(a, std::move(*where), [&](const finding& f) {
        if (!a.json) say(as_text(f));
    });
    all.run();
    const bool good =
        std::ranges::none_of(all.findings(), [](const finding& f) { return f.is == verdict::bad; });
    if (a.json) say(as_json(a.url, all, good));
    return good && !interrupted() ? 0 : 1;
}

}  // namespace carillon::server
