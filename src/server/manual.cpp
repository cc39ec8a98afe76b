#include "server/manual.hpp"

#include <algorithm>
#include <cctype>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace carillon::server {

namespace {

using apps = std::vector<const CLI::App*>;
using options = std::vector<const CLI::Option*>;

apps commands_of(const CLI::App& app) {
    return app.get_subcommands([](const CLI::App* c) { return !c->get_name().empty(); });
}

bool is_flag(const CLI::Option& o) { return o.get_items_expected_max() == 0; }

/// What a man page or a shell may show of a description: one line.
std::string one_line(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\n') {
            out += ' ';
        } else {
            out += c;
        }
    }
    return out;
}

/// Text for roff (groff_man(7)): nothing in it is a request or an escape.
std::string roff(std::string_view text) {
    std::string out;
    for (const char c : one_line(text)) {
        if (c == '\\') {
            out += "\\e";
        } else if (c == '-') {
            out += "\\-";
        } else if ((c == '.' || c == '\'') && out.empty()) {
            out += "\\&";
            out += c;
        } else {
            out += c;
        }
    }
    return out;
}

std::string upper(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(),
                           [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return out;
}

/// `-c, --config VALUE` in roff.
std::string names_of(const CLI::Option& o) {
    std::string out;
    const auto add = [&](std::string_view dashes, const std::string& name) {
        if (!out.empty()) out += ", ";
        out += fmt::format("\\fB{}{}\\fR", roff(dashes), roff(name));
    };
    for (const std::string& name : o.get_snames()) add("-", name);
    for (const std::string& name : o.get_lnames()) add("--", name);
    if (!is_flag(o)) {
        const std::string type = o.get_type_name();
        out += fmt::format(" \\fI{}\\fR", type.empty() ? "VALUE" : roff(type));
    }
    return out;
}

void add_options(std::string& page, const CLI::App& command) {
    for (const CLI::Option* o : command.get_options()) {
        if (o->get_positional()) continue;
        page += fmt::format(".TP\n{}\n{}", names_of(*o), roff(o->get_description()));
        if (!o->get_envname().empty())
            page += fmt::format(" (environment: \\fB{}\\fR)", roff(o->get_envname()));
        page += "\n";
    }
}

void add_arguments(std::string& page, const CLI::App& command) {
    for (const CLI::Option* o : command.get_options()) {
        if (!o->get_positional()) continue;
        page += fmt::format(".TP\n\\fI{}\\fR\n{}\n", roff(upper(o->get_name(true))),
                            roff(o->get_description()));
    }
}

std::string synopsis(const CLI::App& command, std::string_view name) {
    std::string line = fmt::format("\\fB{}\\fR [\\fIOPTION\\fR]...", roff(name));
    for (const CLI::Option* o : command.get_options()) {
        if (!o->get_positional()) continue;
        const std::string word = fmt::format("\\fI{}\\fR", roff(upper(o->get_name(true))));
        line += o->get_required() ? " " + word : " [" + word + "]";
        if (o->get_items_expected_max() > 1) line += "...";
    }
    return line + "\n";
}

void add_command(std::string& page, const CLI::App& command, const std::string& name) {
    page += ".SH SYNOPSIS\n" + synopsis(command, name);
    for (const CLI::App* nested : commands_of(command))
        page += ".br\n" + synopsis(*nested, name + " " + nested->get_name());
    page += fmt::format(".SH DESCRIPTION\n{}.\n", roff(command.get_description()));
    page += ".SH OPTIONS\n";
    add_arguments(page, command);
    add_options(page, command);
    for (const CLI::App* nested : commands_of(command)) {
        page += fmt::format(".SS {} {}\n{}.\n", roff(name), roff(nested->get_name()),
                            roff(nested->get_description()));
        add_arguments(page, *nested);
        add_options(page, *nested);
    }
}

void add_program(std::string& page, const CLI::App& app) {
    page += ".SH SYNOPSIS\n\\fBcarillon\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR]...\n";
    page += fmt::format(".SH DESCRIPTION\n{}\n", roff(app.get_description()));
    page += ".SH COMMANDS\n";
    for (const CLI::App* command : commands_of(app)) {
        page += fmt::format(".TP\n\\fBcarillon\\-{}\\fR(1)\n{}.\n", roff(command->get_name()),
                            roff(command->get_description()));
    }
    page += ".SH OPTIONS\n";
    add_options(page, app);
    page += ".SH EXAMPLES\n.nf\n";
    const std::string footer = app.get_footer();
    for (std::string_view rest = footer; !rest.empty();) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        if (line.starts_with("  ")) page += roff(line) + "\n";
    }
    page += ".fi\n";
}

std::string single_quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : one_line(text)) {
        if (c == '\'') {
            out += "'\\''";
        } else {
            out += c;
        }
    }
    return out + "'";
}

/// All flags of a command, with their dashes.
std::string flag_words(const CLI::App& command) {
    std::string words;
    for (const CLI::Option* o : command.get_options()) {
        for (const std::string& name : o->get_lnames()) words += " --" + name;
        for (const std::string& name : o->get_snames()) words += " -" + name;
    }
    return words;
}

std::string bash_completion(const CLI::App& app) {
    std::string out =
        "# bash completion of carillon\n_carillon() {\n"
        "    local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]:-} words=\n"
        "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words='";
    for (const CLI::App* c : commands_of(app)) out += c->get_name() + " ";
    out += flag_words(app) + "'\n    else\n        case $command in\n";
    for (const CLI::App* c : commands_of(app)) {
        std::string words = flag_words(*c);
        for (const CLI::App* nested : commands_of(*c))
            words += " " + nested->get_name() + flag_words(*nested);
        out += fmt::format("            {}) words='{}' ;;\n", c->get_name(), words);
    }
    out +=
        "        esac\n    fi\n"
        "    case ${COMP_WORDS[COMP_CWORD - 1]} in\n"
        "        --config | -c | --check | backup | restore | verify)\n"
        "            mapfile -t COMPREPLY < <(compgen -f -- \"$word\"); return ;;\n"
        "        --data-dir | --data_dir)\n"
        "            mapfile -t COMPREPLY < <(compgen -d -- \"$word\"); return ;;\n"
        "    esac\n"
        "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
        "}\ncomplete -F _carillon carillon\n";
    return out;
}

/// A description within the brackets of zsh's `_arguments`.
std::string zsh_text(std::string_view text) {
    std::string out;
    for (const char c : one_line(text)) {
        if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

std::string zsh_completion(const CLI::App& app) {
    std::string out = "#compdef carillon\n_carillon() {\n    local -a commands\n    commands=(\n";
    for (const CLI::App* c : commands_of(app)) {
        out +=
            "        " + single_quoted(c->get_name() + ":" + one_line(c->get_description())) + "\n";
    }
    out +=
        "    )\n    if (( CURRENT == 2 )); then\n        _describe command commands\n"
        "        return\n    fi\n    case ${words[2]} in\n";
    for (const CLI::App* c : commands_of(app)) {
        out += fmt::format("        {})\n            _arguments", c->get_name());
        for (const CLI::Option* o : c->get_options()) {
            for (const std::string& name : o->get_lnames()) {
                out += " \\\n                " +
                       single_quoted(fmt::format("--{}[{}]{}", name, zsh_text(o->get_description()),
                                                 is_flag(*o) ? "" : ":value:_files"));
            }
        }
        out += " ;;\n";
    }
    return out + "    esac\n}\n_carillon \"$@\"\n";
}

std::string fish_completion(const CLI::App& app) {
    std::string out = "# fish completion of carillon\n";
    for (const CLI::App* c : commands_of(app)) {
        out += fmt::format("complete -c carillon -n __fish_use_subcommand -f -a {} -d {}\n",
                           c->get_name(), single_quoted(c->get_description()));
        for (const CLI::Option* o : c->get_options()) {
            for (const std::string& name : o->get_lnames()) {
                out += fmt::format(
                    "complete -c carillon -n '__fish_seen_subcommand_from {}' -l {} {}-d {}\n",
                    c->get_name(), name, is_flag(*o) ? "" : "-r ",
                    single_quoted(o->get_description()));
            }
        }
    }
    return out;
}

}  // namespace

std::vector<std::string> manual_pages(const CLI::App& app) {
    std::vector<std::string> all{"carillon"};
    for (const CLI::App* c : commands_of(app)) all.push_back("carillon-" + c->get_name());
    return all;
}

std::string manual_page(const CLI::App& app, std::string_view command, std::string_view version) {
    const bool whole = command == "carillon" || command.empty();
    const CLI::App* of = &app;
    if (!whole) {
        if (command.starts_with("carillon-")) command.remove_prefix(9);
        const apps all = commands_of(app);
        const auto found = std::ranges::find(all, command, &CLI::App::get_name);
        if (found == all.end()) return {};
        of = *found;
    }
    const std::string name = whole ? "carillon" : "carillon-" + of->get_name();
    const std::string summary = whole ? "a Server-Sent Events hub" : of->get_description();
    std::string page = fmt::format(".TH {} 1 \"\" \"carillon {}\" \"User Commands\"\n",
                                   roff(upper(name)), version);
    page += fmt::format(".SH NAME\n{} \\- {}\n", roff(name), roff(summary));
    if (whole) {
        add_program(page, app);
    } else {
        add_command(page, *of, "carillon " + of->get_name());
    }
    page += ".SH SEE ALSO\n";
    std::string others;
    for (const std::string& other : manual_pages(app)) {
        if (other == name) continue;
        others += fmt::format("{}\\fB{}\\fR(1)", others.empty() ? "" : ",\n", roff(other));
    }
    return page + others + "\n";
}

std::string completions(const CLI::App& app, std::string_view shell) {
    if (shell == "bash") return bash_completion(app);
    if (shell == "zsh") return zsh_completion(app);
    if (shell == "fish") return fish_completion(app);
    return {};
}

}  // namespace carillon::server
