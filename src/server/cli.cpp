#include "server/commands.hpp"
#include "server/console.hpp"
#include "server/endpoints.hpp"
#include "server/manual.hpp"
#include "server/setting_list.hpp"
#include "server/setting_values.hpp"

#include <cstdlib>
#include <functional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace carillon::server {

namespace {

constexpr const char* examples = R"(
Examples:
  carillon serve                                       on http://localhost:3000
  carillon serve --listen 127.0.0.1:8080 --log.level debug
  carillon subscribe news 'chat/**'                    print events as they come
  carillon publish news '{"text":"hello"}'             publish one
  tail -f app.log | carillon publish logs              publish lines
  carillon config --sample > carillon.toml             a file with every setting
  carillon doctor https://events.example.com           is anything wrong with the proxy?
  carillon connections --user alice                    whose streams are open
  carillon token --user alice --role publisher         a token, signed with auth.secret
  carillon journal backup events-2026.db               copy the stored events while the server runs
)";

/// `--config`, and a flag for every setting; the names go into `sources` as they are met.
void add_settings(CLI::App& command, setting_sources& sources, bool all) {
    command.add_option("-c,--config", sources.file, "Read settings from this TOML file")
        ->envname("CARILLON_CONFIG");
    command.add_option("--env-file", sources.env_file,
                       "Read variables from this file; those of the environment win");
    settings defaults;
    each_setting(defaults, [&](const setting_info& info, const auto& field) {
        const std::string name(info.name);
        std::string flags = "--" + name;
        if (name == "data_dir") flags += ",--data-dir";
        if (name == "log.level") flags += ",--log-level";
        auto* option = command.add_option_function<std::vector<std::string>>(
            flags,
            [&sources, name](const std::vector<std::string>& texts) {
                for (const std::string& text : texts) sources.flags.emplace_back(name, text);
            },
            fmt::format("{} [{}]", info.prose, to_toml(field)));
        option->type_name("")->take_all();
        if (!all && name != "listen" && name != "data_dir" && name != "log.level")
            option->group("");
    });
}

std::string default_url() {
    const char* url = std::getenv("CARILLON_URL");
    return url != nullptr && *url != '\0' ? url : "http://127.0.0.1:3000";
}

struct command_line {
    setting_sources serve_sources;
    publish_arguments publish;
    subscribe_arguments subscribe;
    config_arguments config;
    journal_arguments journal;
    std::string publish_data;
    admin_arguments admin;
    token_arguments token;
    health_arguments health;
    std::optional<milliseconds> health_timeout;
    doctor_arguments doctor;
    std::optional<milliseconds> doctor_restart;
    std::string page = "carillon";
    bool list_pages = false;
    std::string shell;
};

/// A flag whose value is a duration such as `30s`.
void add_duration(CLI::App& command, const char* flag, std::optional<milliseconds>& into,
                  const char* prose) {
    command
        .add_option_function<std::string>(
            flag,
            [&into, flag](const std::string& text) {
                const auto value = parse_duration(text);
                if (!value) throw CLI::ValidationError(flag, value.error().detail);
                into = *value;
            },
            prose)
        ->type_name("TIME");
}

void add_serve(CLI::App& app, command_line& line, bool all) {
    CLI::App* serve = app.add_subcommand("serve", "Run the server");
    add_settings(*serve, line.serve_sources, all);
    serve->set_help_all_flag("--help-all", "Show the flags of all settings");
}

void add_publish(CLI::App& app, command_line& line) {
    CLI::App* publish =
        app.add_subcommand("publish", "Publish an event, or one for each line of stdin");
    publish->add_option("topic", line.publish.topic, "Where to publish")->required();
    publish->add_option("data", line.publish_data,
                        "JSON or text; without it, lines are read from stdin");
    publish->add_option("--url", line.publish.url, "The server")->default_val(default_url());
    publish->add_option("--event", line.publish.event, "The event's name");
    publish->add_option("--id", line.publish.id, "Your own id for it");
    publish->add_flag("--text", line.publish.text, "Send data as text even if it is JSON");
    publish->add_flag("--ndjson", line.publish.ndjson,
                      "Lines are whole events: {\"data\":…,\"event\":…}");
    publish->add_flag("--ephemeral", line.publish.ephemeral,
                      "Do not store; only those who listen now get it");
    add_duration(*publish, "--retry-for", line.publish.retry_for,
                 "Give up after this; else lines are tried for ever, a single event once");
    publish->add_option("-H,--header", line.publish.headers, "A further request header")
        ->take_all();
}

void add_subscribe(CLI::App& app, command_line& line) {
    CLI::App* subscribe =
        app.add_subcommand("subscribe", "Print events as they come; reconnects and resumes");
    subscribe
        ->add_option("topics", line.subscribe.topics,
                     "Topics and patterns, such as chat/*/typing or news/**")
        ->required();
    subscribe->add_option("--url", line.subscribe.url, "The server")->default_val(default_url());
    subscribe->add_flag("--json", line.subscribe.json, "One JSON object a line");
    subscribe->add_flag("--full", line.subscribe.full, "Whole events: topics, metadata, timestamp");
    subscribe->add_option("--last", line.subscribe.last, "Begin with the last N events");
    subscribe->add_option("--since", line.subscribe.since,
                          "Begin at a time: 10m, 2026-01-31T12:00:00Z, earliest");
    subscribe->add_option("--from", line.subscribe.from, "Begin after this event id");
    subscribe->add_option("--client", line.subscribe.client, "Be a durable client of this token");
    subscribe->add_option("-n,--count", line.subscribe.count, "Stop after N events");
    add_duration(*subscribe, "--silence", line.subscribe.silence,
                 "Reconnect after so long without a byte; else after three heartbeats");
    subscribe->add_option("-H,--header", line.subscribe.headers, "A further request header")
        ->take_all();
}

void add_config(CLI::App& app, command_line& line) {
    CLI::App* config =
        app.add_subcommand("config", "Show the settings in force and where they come from");
    add_settings(*config, line.config.sources, false);
    config->add_option("--topic", line.config.topic,
                       "Show which [[topics]] row applies to this topic");
    config->add_option("--check", line.config.sources.file, "Check this file")
        ->each([&line](const std::string&) { line.config.check = true; });
    config->add_flag("--reference", line.config.reference, "Print the reference page");
    config->add_flag("--sample", line.config.sample, "Print a commented file with every setting");
}

void add_journal(CLI::App& app, command_line& line) {
    CLI::App* journal =
        app.add_subcommand("journal", "Back up, restore or check stored events and records");
    journal->require_subcommand(1);
    const auto action = [&](const char* name, const char* prose) {
        CLI::App* made = journal->add_subcommand(name, prose);
        add_settings(*made, line.journal.sources, false);
        made->callback([&line, name] { line.journal.action = name; });
        return made;
    };
    action("backup", "Copy journal and records (FILE, FILE.records), while the server runs")
        ->add_option("file", line.journal.file, "The copy")
        ->required();
    CLI::App* restore =
        action("restore", "Put copies in the place of journal and records; the server is off");
    restore->add_option("file", line.journal.file, "The copy")->required();
    restore->add_flag("--replace", line.journal.replace, "Move aside the files that are there");
    action("verify", "Read journal and records, or copies, and say whether they are sound")
        ->add_option("file", line.journal.file, "A copy; without it, the server's own files");
}

void add_health(CLI::App& app, command_line& line) {
    CLI::App* health =
        app.add_subcommand("health", "Ask a server whether it is ready; the exit status says");
    health->add_option("--url", line.health.url, "The server")->default_val(default_url());
    health->add_flag("--live", line.health.live,
                     "Ask whether it runs at all: a server that drains does");
    add_duration(*health, "--timeout", line.health_timeout, "Give up after this [3s]");
}

void add_doctor(CLI::App& app, command_line& line) {
    doctor_arguments& a = line.doctor;
    CLI::App* doctor = app.add_subcommand(
        "doctor", "Say what stands in front of a server and what it does to streams");
    doctor->add_option("url", a.url, "The server, as your pages reach it")->required();
    doctor->add_option("--token", a.token, "To listen with, where that needs one")
        ->envname("CARILLON_TOKEN");
    doctor->add_option("--origin", a.origin, "Of pages from elsewhere: https://app.example.com");
    doctor->add_flag("--credentials", a.credentials, "Those pages send cookies");
    doctor->add_option("--from", a.from, "An address of this machine to call from");
    add_duration(*doctor, "--idle", a.idle,
                 "Watch a quiet stream for so long; 0s: not at all [a heartbeat and a bit]");
    add_duration(*doctor, "--restart", line.doctor_restart,
                 "Look on for so long while somebody restarts the server");
    doctor->add_flag("--json", a.json, "As JSON");
    doctor->add_option("-H,--header", a.headers, "A further request header")->take_all();
}

void add_own_texts(CLI::App& app, command_line& line) {
    CLI::App* manual = app.add_subcommand("manual", "Print a manual page, for man(1)");
    manual->add_option("page", line.page, "carillon, carillon-serve, ...");
    manual->add_flag("--list", line.list_pages, "Print the names of all pages");
    app.add_subcommand("completion", "Print the completions of a shell")
        ->add_option("shell", line.shell, "bash, zsh or fish")
        ->required();
}

int print(const std::string& text, std::string_view otherwise) {
    if (text.empty()) {
        fmt::print(stderr, "carillon: {}\n", otherwise);
        return 2;
    }
    fmt::print("{}", text);
    return 0;
}

int print_own_text(const CLI::App& app, const command_line& line, std::string_view which) {
    if (which == "completion")
        return print(completions(app, line.shell), "the shell is bash, zsh or fish");
    if (!line.list_pages)
        return print(manual_page(app, line.page, version()), "there is no such page");
    for (const std::string& name : manual_pages(app)) fmt::print("{}\n", name);
    return 0;
}

void add_admin(CLI::App& app, command_line& line, const char* name, const char* prose) {
    CLI::App* made = app.add_subcommand(name, prose);
    made->add_option("--url", line.admin.url, "The server")->default_val(default_url());
    made->add_option("--token", line.admin.token, "An admin's token")->envname("CARILLON_TOKEN");
    made->add_option("--user", line.admin.user, "Only streams of this user");
    made->add_option("--session", line.admin.session, "Only streams of this session");
    made->add_option("--profile", line.admin.profile, "Only streams of this kind, such as topics");
    made->add_option("--topic", line.admin.topic,
                     "Only streams that listen to this, as it was named");
    made->add_flag("--json", line.admin.json, "As JSON");
    made->add_option("-H,--header", line.admin.headers, "A further request header")->take_all();
    if (std::string_view(name) == "connections")
        made->add_flag("--close", line.admin.close, "End these streams instead of listing them");
}

void add_token(CLI::App& app, command_line& line) {
    CLI::App* made = app.add_subcommand("token", "Sign a token with `auth.secret`, or inspect one");
    add_settings(*made, line.token.sources, false);
    made->add_option("--user", line.token.user, "Whose token it is (`sub`)");
    made->add_option("--session", line.token.session, "The session");
    made->add_option("--role", line.token.roles, "A role, such as publisher or admin")->take_all();
    made->add_option("--publish", line.token.publish, "A pattern to publish under")->take_all();
    made->add_option("--subscribe", line.token.subscribe, "A pattern to listen to")->take_all();
    add_duration(*made, "--expires-in", line.token.lifetime, "How long it is valid");
    made->add_option("--inspect", line.token.text, "Show what this token says");
}

int run_token(const token_arguments& a) {
    if (!a.text.empty()) return inspect_token(a);
    if (!a.user.empty()) return token(a);
    complain("say whose token it shall be: --user, or which to show: --inspect");
    return 2;
}

}  // namespace

int run(int argc, char** argv) {
    const std::vector<std::string> words(argv, argv + argc);
    const bool all = std::ranges::any_of(words, [](std::string_view word) {
        return word == "--help-all" || word == "manual" || word == "completion";
    });
    command_line line;
    CLI::App app(
        "Carillon, a Server-Sent Events hub: back ends publish over HTTP, browsers and services "
        "listen.",
        "carillon");
    app.set_version_flag("-V,--version", std::string("carillon ") + std::string(version()));
    app.require_subcommand(1);
    app.footer(examples);
    add_serve(app, line, all);
    add_publish(app, line);
    add_subscribe(app, line);
    add_config(app, line);
    add_journal(app, line);
    add_health(app, line);
    add_doctor(app, line);
    add_admin(app, line, "connections", "List the streams of a server, or end some");
    add_admin(app, line, "stats", "Count the streams of a server by user, topic and kind");
    add_token(app, line);
    add_own_texts(app, line);
    // For the list of commands: `main` runs it.
    app.add_subcommand("bench",
                       "Measure this machine: fan-out, memory, latency, beside the physical floor");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& why) {
        return app.exit(why) == 0 ? 0 : 2;
    }
    const CLI::App& chosen = *app.get_subcommands().front();
    line.serve_sources.variables = line.config.sources.variables = line.journal.sources.variables =
        line.token.sources.variables = environment_settings();
    if (chosen.get_name() == "manual" || chosen.get_name() == "completion")
        return print_own_text(app, line, chosen.get_name());
    if (chosen.get_name() == "serve") return serve(line.serve_sources);
    if (chosen.get_name() == "journal") return journal_files(line.journal);
    if (chosen.get_name() == "health") {
        line.health.timeout = line.health_timeout.value_or(line.health.timeout);
        return health(line.health);
    }
    if (chosen.get_name() == "doctor") {
        line.doctor.restart = line.doctor_restart.value_or(line.doctor.restart);
        return doctor(line.doctor);
    }
    if (chosen.get_name() == "token") return run_token(line.token);
    if (chosen.get_name() == "connections") return connections(line.admin);
    if (chosen.get_name() == "stats") return statistics(line.admin);
    if (chosen.get_name() == "config") return config(line.config);
    if (chosen.get_name() == "subscribe") return subscribe(line.subscribe);
    if (chosen.count("data") != 0) line.publish.data = line.publish_data;
    return publish(line.publish);
}

}  // namespace carillon::server
