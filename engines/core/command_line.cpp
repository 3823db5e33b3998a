#include "engines/core/command_line.hpp"

#include <algorithm>
#include <memory>

#include "engines/core/text.hpp"

namespace voxelmark::command_line {

namespace {

constexpr std::size_t columns = 100, text_column = 28;

/// `left`, and beside it `text`; below it where `left` is too long.
std::string entry(const std::string& left, const std::string& text) {
  const std::string indent(text_column, ' ');
  const std::size_t taken = columns_of(left);
  return taken + 2 > text_column ? left + "\n" + folded(indent, text, indent, columns)
                                 : folded(left + indent.substr(taken), text, indent, columns);
}

/// The text's lines, folded; what is indented is an example, and stays as it is.
std::string paragraphs(const std::string& text) {
  std::string lines;
  for (const std::string& line : split(text, '\n'))
    lines += line.starts_with(' ') ? line + "\n" : folded("", line, "", columns);
  return lines;
}

class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override {
    std::string text = CLI::Formatter::make_help(app, name, mode);
    for (auto gap = text.find("\n\n\n"); gap != std::string::npos; gap = text.find("\n\n\n"))
      text.erase(gap, 1);
    return text;
  }
  std::string make_description(const CLI::App* app) const override {
    return paragraphs(app->get_description()) + "\n";
  }
  std::string make_footer(const CLI::App* app) const override {
    return app->get_footer().empty() ? "" : paragraphs(app->get_footer());
  }
  /// The first line: the rest is for the subcommand's own --help.
  std::string make_subcommand(const CLI::App* sub) const override {
    return entry("  " + sub->get_name(), split(sub->get_description(), '\n').front());
  }
  std::string make_option(const CLI::Option* option, bool positional) const override {
    std::string left = positional ? "" : " " + make_option_name(option, false);
    if (option->get_type_size() != 0) left += " " + option->get_type_name();
    std::string text = option->get_description();
    if (!option->get_default_str().empty()) text += " (default " + option->get_default_str() + ")";
    if (option->get_required() && !positional) text += "; required";
    return entry(" " + left, text);
  }
  std::string make_option_usage(const CLI::Option* option) const override {
    const std::string& name = option->get_type_name();
    return option->get_required() ? name : "[" + name + "]";
  }
};

}  // namespace

void set_up(CLI::App& app, const std::string& footer, const std::string& version) {
  app.formatter(std::make_shared<HelpFormatter>());
  app.footer(footer);
  app.set_help_flag("-h,--help", "Print this and exit");
  app.set_version_flag("--version", "voxelmark " + version, "Print the version and exit");
}

namespace {

/// The word that a program with subcommands must begin with.
void require_subcommand(const CLI::App& app, int argc, char** argv) {
  if (app.get_require_subcommand_min() == 0) return;
  std::vector<std::string> words;
  for (const CLI::App* sub : app.get_subcommands({})) words.push_back(sub->get_name());
  const std::string first = argc > 1 ? argv[1] : "";
  if (first == "-h" || first == "--help" || first == "--version" ||
      std::find(words.begin(), words.end(), first) != words.end())
    return;
  throw BadInput((first.empty() || first[0] == '-' ? "the first word is a subcommand"
                                                   : "there is no subcommand '" + first + "'") +
                 "; use " + join(words, ", ") + "; see " + app.get_name() + " --help");
}

/// The library counts the value of an option that it does not know among the files, and tells of
/// these; and it names them as no --help does.
std::string explained(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string name = std::string(argv[i]).substr(0, std::string(argv[i]).find('='));
    if (name.starts_with("--") && name.size() > 2 && !app.get_option_no_throw(name) &&
        (!app.get_parent() || !app.get_parent()->get_option_no_throw(name)))
      return "there is no option " + name;
  }
  std::string text = error.what();
  for (const CLI::Option* option : app.get_options())
    if (option->get_positional() && text.starts_with(option->get_name()))
      text.replace(0, option->get_name().size(), option->get_type_name());
  return text;
}

}  // namespace

std::optional<int> parse(CLI::App& app, int argc, char** argv) {
  require_subcommand(app, argc, argv);
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForVersion& version) {
    return app.exit(version);
  } catch (const CLI::ParseError& error) {
    const auto given = app.get_subcommands();
    const CLI::App& asked = given.empty() ? app : *given.front();
    throw BadInput(explained(asked, error, argc, argv) + "; see " + app.get_name() +
                   (given.empty() ? "" : " " + asked.get_name()) + " --help");
  }
}

namespace {

template <class T>
CLI::Validator within(T least, T most, const std::string& what, const std::string& from,
                      const std::string& to) {
  return CLI::Validator(
      [=](const std::string& text) {
        const auto value = parse_number<T>(text);
        return value && *value >= least && *value <= most
                   ? std::string()
                   : "needs a " + what + " from " + from + " to " + to;
      },
      "");
}

}  // namespace

CLI::Validator not_empty() {
  return CLI::Validator(
      [](const std::string& text) { return text.empty() ? "must not be empty" : std::string(); },
      "");
}

CLI::Validator number_from(double least, double most) {
  return within(least, most, "number", shortest(least), shortest(most));
}

CLI::Validator whole_number_from(int least, int most) {
  return within(least, most, "whole number", std::to_string(least), std::to_string(most));
}

CLI::Validator one_of(const std::vector<std::string>& names) {
  return CLI::Validator(
      [=](const std::string& text) {
        return std::find(names.begin(), names.end(), text) != names.end()
                   ? std::string()
                   : "'" + text + "' is unknown; use " + join(names, ", ");
      },
      "");
}

CLI::Option* add_output(CLI::App& app, const std::string& name, std::string& file,
                        const std::string& description) {
  return app.add_option(name, file, description + " (- is standard output)")
      ->check(not_empty())
      ->type_name("FILE");
}

CLI::Option* add_folder(CLI::App& app, const std::string& name, std::string& folder,
                        const std::string& description) {
  return app.add_option(name, folder, description)
      ->check(CLI::Validator(
          [](const std::string& text) {
            return text.empty() || text == "-" ? "needs a folder's name" : std::string();
          },
          ""))
      ->type_name("DIR");
}

}  // namespace voxelmark::command_line
