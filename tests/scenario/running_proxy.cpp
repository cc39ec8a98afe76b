#include "support/running_proxy.hpp"

#include "support/running_server.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

namespace carillon::testing {

namespace {

/// A file of packaging/, to be changed where a test has to.
class packaged {
public:
    explicit packaged(std::string name) : name_(std::move(name)) {
        std::ifstream file(CARILLON_SOURCE_DIR "/packaging/" + name_);
        text_.assign(std::istreambuf_iterator<char>(file), {});
    }
    /// All occurrences; there must be one.
    packaged& replace(std::string_view from, std::string_view to) {
        EXPECT_TRUE(text_.contains(from)) << name_ << " has no " << from;
        for (std::size_t at = 0; (at = text_.find(from, at)) != std::string::npos; at += to.size())
            text_.replace(at, from.size(), to);
        return *this;
    }
    packaged& replace(const running_proxy::changes& all) {
        for (const auto& [from, to] : all) replace(from, to);
        return *this;
    }
    const std::string& text() const noexcept { return text_; }

private:
    std::string name_;
    std::string text_;
};

std::string local(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

}  // namespace

std::string_view to_string(proxy_kind kind) noexcept {
    constexpr std::string_view names[] = {"nginx", "haproxy", "caddy", "apache"};
    return names[static_cast<std::size_t>(kind)];
}

running_proxy::running_proxy(proxy_kind kind, std::uint16_t upstream, changes c)
    : changes_(std::move(c)) {
    // A proxy that runs as another user reads its files here.
    std::filesystem::permissions(
        folder_.path(), std::filesystem::perms::others_exec | std::filesystem::perms::others_read,
        std::filesystem::perm_options::add);
    constexpr int attempts = 3;  // the port may be taken before the proxy has it
    for (int i = 0; i < attempts; ++i) {
        port_ = free_port();
        strings command;
        switch (kind) {
            case proxy_kind::nginx:
                command = prepare_nginx(upstream);
                break;
            case proxy_kind::haproxy:
                command = prepare_haproxy(upstream);
                break;
            case proxy_kind::caddy:
                command = prepare_caddy(upstream);
                break;
            case proxy_kind::apache:
                command = prepare_apache(upstream);
                break;
        }
        if (start(std::move(command), {"HOME=" + folder_.path().string()})) {
            running_ = true;
            return;
        }
    }
    process_->signal(SIGKILL);
    process_->wait();
    ADD_FAILURE() << to_string(kind)
                  << " does not start (script/bootstrap test installs it): " << process_->output();
}

running_proxy::~running_proxy() {
    process_->signal(SIGKILL);  // all of them run as one process here
    process_->ends();
}

bool running_proxy::start(strings command, strings environment) {
    process_ = std::make_unique<process>(std::move(command), std::move(environment));
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (process_->running() && std::chrono::steady_clock::now() < deadline) {
        raw_client c(port_);
        if (c.connected()) {
            c.send("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            if (c.read_answer().status == 200) return true;
        }
        ::poll(nullptr, 0, 10);
    }
    return false;
}

strings running_proxy::prepare_nginx(std::uint16_t upstream) const {
    packaged site("nginx/carillon.conf");
    site.replace(changes_)
        .replace("server 127.0.0.1:3000;", "server " + local(upstream) + ";")
        .replace("listen 80;", "listen " + local(port_) + ";")
        .replace("listen [::]:80;", "")
        .replace("server_name events.example.com;", "server_name localhost;");
    const std::string at = folder_.path().string();
    std::string text = "daemon off; master_process off; pid " + at + "/pid; error_log stderr;\n" +
                       "events { worker_connections 512; }\nhttp { access_log off;\n";
    for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
        text.append(kind).append("_temp_path ").append(at + "/" + kind + ";\n");
    const std::string file = folder_.write("nginx.conf", text + site.text() + "}\n");
    return {"/usr/sbin/nginx", "-p", at, "-e", "stderr", "-c", file};
}

strings running_proxy::prepare_haproxy(std::uint16_t upstream) const {
    packaged site("haproxy/carillon.cfg");
    const std::string away =
        folder_.write("away.http", packaged("haproxy/carillon-away.http").text());
    site.replace(changes_)
        .replace("server carillon 127.0.0.1:3000", "server carillon " + local(upstream))
        .replace("bind :80", "bind " + local(port_))
        .replace("/etc/haproxy/carillon-away.http", away);
    return {"/usr/sbin/haproxy", "-db", "-f", folder_.write("haproxy.cfg", site.text())};
}

strings running_proxy::prepare_caddy(std::uint16_t upstream) const {
    packaged site("caddy/Caddyfile");
    site.replace(changes_)
        .replace("reverse_proxy 127.0.0.1:3000", "reverse_proxy " + local(upstream))
        .replace("\nevents.example.com {", "\nhttp://localhost:" + std::to_string(port_) + " {");
    const std::string file = folder_.write("Caddyfile", "{\n\tadmin off\n}\n" + site.text());
    return {"/usr/bin/caddy", "run", "--config", file, "--adapter", "caddyfile"};
}

strings running_proxy::prepare_apache(std::uint16_t upstream) const {
    const std::string at = folder_.path().string();
    const std::uint16_t away = free_port();
    folder_.write("carillon-away.shtml", packaged("apache/carillon-away.shtml").text());
    packaged site("apache/carillon.conf");
    site.replace(changes_)
        .replace("127.0.0.1:3000", local(upstream))
        .replace("127.0.0.1:3099", local(away))
        .replace("<VirtualHost *:80>", "<VirtualHost " + local(port_) + ">")
        .replace("ServerName events.example.com", "ServerName localhost")
        .replace("/usr/share/carillon", at);
    std::string text = "ServerName localhost\nListen " + local(port_) + "\nPidFile " + at +
                       "/pid\nDefaultRuntimeDir " + at +
                       "\nErrorLog /dev/stderr\nTypesConfig /dev/null\n";
    for (const char* module :
         {"mpm_event", "authz_core", "authz_host", "mime", "env", "setenvif", "headers", "include",
          "slotmem_shm", "proxy", "proxy_http", "proxy_balancer", "lbmethod_byrequests", "rewrite"})
        text.append("LoadModule ").append(module).append("_module /usr/lib/apache2/modules/mod_") +=
            std::string(module) + ".so\n";
    if (::geteuid() == 0) text += "User www-data\nGroup www-data\n";
    const std::string file = folder_.write("apache.conf", text + site.text());
    return {"/usr/sbin/apache2", "-X", "-d", at, "-f", file};
}

}  // namespace carillon::testing
