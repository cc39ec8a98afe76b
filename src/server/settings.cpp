#include "server/settings.hpp"

#include "server/environment.hpp"
#include "server/setting_list.hpp"
#include "server/setting_values.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <numeric>

#include <fmt/format.h>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace carillon::server {

namespace {

/// Levenshtein's distance, for "did you mean".
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t k = 1; k <= b.size(); ++k) {
            const std::size_t change = diagonal + (a[i - 1] == b[k - 1] ? 0 : 1);
            diagonal = std::exchange(row[k], std::min({row[k] + 1, row[k - 1] + 1, change}));
        }
    }
    return row.back();
}

std::string nearest(std::string_view wrong, const std::vector<std::string>& names) {
    const auto best = std::ranges::min_element(
        names, {}, [&](const std::string& n) { return distance(wrong, n); });
    return best == names.end() ? std::string{} : *best;
}

std::vector<std::string> all_names() {
    std::vector<std::string> names;
    settings defaults;
    each_setting(defaults, [&](const setting_info& info, auto&) { names.emplace_back(info.name); });
    return names;
}

strings issuer_field_names() {
    strings names;
    issuer_row row;
    each_issuer_field(row, [&](const setting_info& info, auto&) { names.emplace_back(info.name); });
    return names;
}

std::string issuers_text(const settings& s) {
    std::string text;
    for (const issuer_row& row : s.auth.issuers) {
        each_issuer_field(row, [&](const setting_info& info, const auto& field) {
            text += fmt::format("{} = {}\n", info.name, to_toml(field));
        });
    }
    return text;
}

/// Collects values from all sources and every mistake in them.
class loader {
public:
    explicit loader(loaded_settings& into) : into_(into), names_(all_names()) {}

    /// `commas`: each text of a list may hold several values.
    void set(std::string_view name, const strings& texts, const std::string& origin, bool commas) {
        bool known = false;
        each_setting(into_.values, [&](const setting_info& info, auto& field) {
            if (info.name != name) return;
            known = true;
            strings values = texts;
            // Only lists have commas between their values; a folder's name may hold one.
            constexpr bool is_list = std::is_same_v<std::decay_t<decltype(field)>, strings>;
            if (is_list && commas) values = split_lists(texts);
            if (auto done = assign(field, info, values); !done) {
                mistake(fmt::format("{}: `{}`: {}", origin, name, done.error().detail));
            } else {
                into_.from.insert_or_assign(std::string(name), origin);
            }
        });
        if (!known) unknown(origin, name, names_);
    }

    void unknown(const std::string& origin, std::string_view name,
                 const std::vector<std::string>& valid) {
        mistake(fmt::format("{}: unknown setting `{}`; did you mean `{}`?", origin, name,
                            nearest(name, valid)));
    }
    void mistake(std::string line) { mistakes_.push_back(std::move(line)); }
    const strings& mistakes() const noexcept { return mistakes_; }

    void file(const std::string& path) {
        // A folder reads as if nothing were in it. Containers make one of a file that is missing.
        if (std::error_code ignored; std::filesystem::is_directory(path, ignored))
            return mistake(path + ": this is a folder, a file is expected");
        const toml::parse_result parsed = toml::parse_file(path);
        if (!parsed) {
            const auto& why = parsed.error();
            return mistake(
                fmt::format("{}:{}: {}", path, why.source().begin.line, why.description()));
        }
        table(path, "", parsed.table());
    }

private:
    static std::string place(const std::string& path, const toml::node& node) {
        return fmt::format("{}:{}", path, node.source().begin.line);
    }

    static std::optional<std::string> scalar(const toml::node& node) {
        if (const auto* text = node.as_string()) return text->get();
        if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
        if (const auto* yes = node.as_boolean()) return yes->get() ? "true" : "false";
        return std::nullopt;
    }

    void table(const std::string& path, const std::string& prefix, const toml::table& t) {
        for (const auto& [key, node] : t) {
            const std::string name = prefix + std::string(key.str());
            if (name == "topics") {
                rows(path, name, node, [&](const toml::table& row) { topic(path, row); });
            } else if (name == "auth.issuers") {
                rows(path, name, node, [&](const toml::table& row) { issuer(path, row); });
            } else if (const auto* inner = node.as_table()) {
                table(path, name + ".", *inner);
            } else if (const auto* list = node.as_array()) {
                strings texts;
                for (const auto& element : *list) {
                    if (auto text = scalar(element)) texts.push_back(std::move(*text));
                }
                set(name, texts, place(path, node), false);
            } else if (auto text = scalar(node)) {
                set(name, {std::move(*text)}, place(path, node), false);
            } else {
                mistake(fmt::format("{}: `{}`: a string, number, boolean or list is expected",
                                    place(path, node), name));
            }
        }
    }

    void rows(const std::string& path, std::string_view name, const toml::node& node,
              const std::function<void(const toml::table&)>& read) {
        const auto wrong = [&](const toml::node& where) {
            mistake(fmt::format("{}: write `[[{}]]` for each row", place(path, where), name));
        };
        const auto* list = node.as_array();
        if (list == nullptr) return wrong(node);
        for (const auto& element : *list) {
            if (const auto* row = element.as_table()) {
                read(*row);
            } else {
                wrong(element);
            }
        }
    }

    void topic(const std::string& path, const toml::table& row) {
        topic_row parsed;
        parsed.line = static_cast<int>(row.source().begin.line);
        fields(path, "", row, parsed);
        if (auto pattern = topic_pattern::parse(parsed.pattern); !pattern) {
            mistake(fmt::format("{}: `pattern`: {}", place(path, row), pattern.error().detail));
        }
        into_.values.topics.push_back(std::move(parsed));
    }

    void issuer(const std::string& path, const toml::table& t) {
        issuer_row row;
        row.line = static_cast<int>(t.source().begin.line);
        for (const auto& [key, node] : t) issuer_field(path, key.str(), node, row);
        auto& all = into_.values.auth.issuers;
        const auto wrong = [&](std::string_view why) {
            mistake(fmt::format("{}: `issuer`: {}", place(path, t), why));
        };
        if (row.issuer.empty()) wrong("it is missing or empty");
        if (row.keys.empty()) wrong("without `keys` none of its tokens can be verified");
        if (std::ranges::find(all, row.issuer, &issuer_row::issuer) != all.end())
            wrong(fmt::format("`{}` has a row already", row.issuer));
        if (all.size() == max_issuers) return wrong(fmt::format("more than {} rows", max_issuers));
        all.push_back(std::move(row));
    }

    void issuer_field(const std::string& path, std::string_view name, const toml::node& node,
                      issuer_row& row) {
        strings texts;
        if (const auto* list = node.as_array()) {
            for (const auto& element : *list) {
                if (auto text = scalar(element)) texts.push_back(std::move(*text));
            }
        } else if (auto text = scalar(node)) {
            texts.push_back(std::move(*text));
        }
        bool known = false;
        each_issuer_field(row, [&](const setting_info& info, auto& field) {
            if (info.name != name) return;
            known = true;
            if (auto done = assign(field, info, texts); !done)
                mistake(fmt::format("{}: `{}`: {}", place(path, node), name, done.error().detail));
        });
        if (!known) unknown(place(path, node), name, issuer_field_names());
    }

    void fields(const std::string& path, const std::string& prefix, const toml::table& t,
                topic_row& row) {
        for (const auto& [key, node] : t) {
            const std::string name = prefix + std::string(key.str());
            if (const auto* inner = node.as_table()) {
                fields(path, name + ".", *inner, row);
                continue;
            }
            const auto text = scalar(node);
            if (!text) {
                mistake(fmt::format("{}: `{}`: a string or number is expected", place(path, node),
                                    name));
                continue;
            }
            if (auto done = set_row_field(row, name, *text); !done) {
                if (done.error().code == errc::not_found) {
                    unknown(place(path, node), name, row_field_names());
                } else {
                    mistake(
                        fmt::format("{}: `{}`: {}", place(path, node), name, done.error().detail));
                }
            }
        }
    }

    loaded_settings& into_;
    const std::vector<std::string> names_;
    strings mistakes_;
};

}  // namespace

const topic_row* settings::row_for(std::string_view topic) const {
    for (const topic_row& row : topics) {
        const auto pattern = topic_pattern::parse(row.pattern);
        if (pattern && (pattern->matches(topic) || pattern->str() == topic)) return &row;
    }
    return nullptr;
}

result<loaded_settings> load(const setting_sources& sources) {
    loaded_settings loaded;
    each_setting(loaded.values, [&](const setting_info& info, auto&) {
        loaded.from[std::string(info.name)] = "default";
    });
    loader l(loaded);
    if (!sources.file.empty()) l.file(sources.file);

    environment given = sources.variables;
    std::erase_if(given, [](const auto& variable) { return variable.second.empty(); });
    if (!sources.env_file.empty()) {
        auto more = read_env_file(sources.env_file);
        if (!more) l.mistake(more.error().detail);
        if (more) given.merge(*more);
    }
    for (const plain_variable& p : plain_variables(given)) {
        l.set(p.setting, {p.value}, std::string(p.variable), true);
        given.erase(std::string(p.variable));
    }
    std::map<std::string, std::string> by_variable;
    for (const std::string& name : all_names()) by_variable[variable_of(name)] = name;
    std::vector<std::string> variables;
    for (const auto& [variable, name] : by_variable) variables.push_back(variable);
    const auto of_services = service_variables(given);
    for (const auto& [variable, value] : given) {
        if (const auto known = by_variable.find(variable); known != by_variable.end()) {
            l.set(known->second, {value}, variable, true);
        } else if (std::ranges::binary_search(of_services, variable)) {
            loaded.ignored.push_back(variable);
        } else {
            l.unknown("environment", variable, variables);
        }
    }
    std::map<std::string, strings> flags;
    for (const auto& [name, text] : sources.flags) flags[name].push_back(text);
    for (const auto& [name, texts] : flags) l.set(name, texts, "--" + name, true);

    if (l.mistakes().empty()) return loaded;
    return fail(errc::invalid_request, fmt::format("{}", fmt::join(l.mistakes(), "\n")));
}

std::vector<printed_setting> print(const settings& s) {
    std::vector<printed_setting> all;
    each_setting(s, [&](const setting_info& info, const auto& field) {
        std::string text = to_toml(field);
        if (info.secret && text != R"("")") text = R"("…")";
        all.push_back({info, std::move(text)});
    });
    return all;
}

std::vector<std::string> changed(const settings& before, const settings& after) {
    strings was;
    each_setting(before,
                 [&](const setting_info&, const auto& field) { was.push_back(to_toml(field)); });
    strings names;
    auto value = was.begin();
    each_setting(after, [&](const setting_info& info, const auto& field) {
        if (*value++ != to_toml(field)) names.emplace_back(info.name);
    });
    if (issuers_text(before) != issuers_text(after)) names.emplace_back("auth.issuers");
    return names;
}

std::vector<std::string> changed_beyond_reload(const settings& before, const settings& after) {
    strings names = changed(before, after);
    each_setting(after, [&](const setting_info& info, const auto&) {
        if (info.reloadable) std::erase(names, info.name);
    });
    return names;
}

std::string reference_page() {
    const issuer_row no_issuer;
    std::string page =
        "# Settings\n\nGenerated by `carillon config --reference`. Each is a key of the TOML file, "
        "a flag `--name` and the "
        "environment\nvariable beside it. Flags win over the environment, the environment over the "
        "file. \"Reload\" says "
        "whether `SIGHUP`\nis enough.\n\n| Setting | Default | Reload | Environment | What it does "
        "|\n|---|---|---|---|---|\n";
    for (const auto& [info, value] : print(settings{})) {
        page += fmt::format("| `{}` | `{}` | {} | `{}` | {} |\n", info.name, value,
                            info.reloadable ? "yes" : "no", variable_of(info.name), info.prose);
    }
    page +=
        "\n## `[[topics]]`\n\nOne row per pattern; the first that matches a topic applies. Rows "
        "are reloaded.\n\n"
        "| Field | Default |\n|---|---|\n| `pattern` | (required) |\n";
    for (const std::string& name : row_field_names()) {
        if (name != "pattern")
            page += fmt::format("| `{}` | `{}` |\n", name, print_row_field(topic_row{}, name));
    }
    page += fmt::format(
        "\n## `[[auth.issuers]]`\n\nOne row per issuer whose tokens are believed beside those of "
        "`auth.issuer`, at most {}. A token goes to the row\nthat it names in `iss`, and to the "
        "`[auth]` settings only if no row has its issuer. A restart reads them anew.\n\n"
        "| Field | Default | What it does |\n|---|---|---|\n",
        max_issuers);
    each_issuer_field(no_issuer, [&](const setting_info& info, const auto& field) {
        const bool required = info.name == "issuer" || info.name == "keys";
        page +=
            fmt::format("| `{}` | {} | {} |\n", info.name,
                        required ? "(required)" : fmt::format("`{}`", to_toml(field)), info.prose);
    });
    return page;
}

std::string sample_file() {
    std::string text =
        "# Carillon's settings, each with its default. Remove the `#` of what you change.\n";
    std::string section;
    for (const auto& [info, value] : print(settings{})) {
        const std::size_t dot = info.name.find('.');
        const std::string_view here =
            dot == std::string_view::npos ? std::string_view{} : info.name.substr(0, dot);
        if (here != section) {
            section = here;
            text += fmt::format("\n[{}]\n", section);
        }
        const std::string_view key =
            dot == std::string_view::npos ? info.name : info.name.substr(dot + 1);
        text += fmt::format("\n# {}\n# {} = {}\n", info.prose, key, value);
    }
    text +=
        "\n# Rules by topic; the first pattern that matches applies.\n# [[topics]]\n# pattern = "
        "\"chat/**\"\n";
    for (const std::string& name : row_field_names()) {
        if (name != "pattern")
            text += fmt::format("# {} = \"{}\"\n", name, print_row_field(topic_row{}, name));
    }
    text += "\n# Further issuers whose tokens are believed.\n# [[auth.issuers]]\n";
    issuer_row example;
    example.issuer = "https://id.partner.example/";
    example.keys = {"https://id.partner.example/jwks.json"};
    each_issuer_field(example, [&](const setting_info& info, const auto& field) {
        text += fmt::format("# {} = {}\n", info.name, to_toml(field));
    });
    return text;
}

}  // namespace carillon::server
