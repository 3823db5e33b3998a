#pragma once
#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engines/core/error.hpp"

/// How the programs read their command lines: alike in names, checks, messages and --help.
namespace voxelmark::command_line {

/// Gives a program its --help, 100 columns wide, and --version. Its subcommands inherit them.
void set_up(CLI::App& app, const std::string& footer, const std::string& version);

/// Reads the command line. Gives an exit code where nothing is left to do: help or version have
/// been printed by then. Throws BadInput on wrong usage, naming the option and the --help that
/// tells.
std::optional<int> parse(CLI::App& app, int argc, char** argv);

/// Checks of a value. None of them shows in --help: descriptions do.
CLI::Validator not_empty();
CLI::Validator number_from(double least, double most);
CLI::Validator whole_number_from(int least, int most);
CLI::Validator one_of(const std::vector<std::string>& names);

/// A file to write, or "-" for standard output.
CLI::Option* add_output(CLI::App& app, const std::string& name, std::string& file,
                        const std::string& description);

/// A folder to write into.
CLI::Option* add_folder(CLI::App& app, const std::string& name, std::string& folder,
                        const std::string& description);

/// Result of `read`, with the option's name in what it throws.
template <class Read>
auto read_value(const std::string& name, const std::string& text, const Read& read) {
  try {
    return read(text);
  } catch (const BadInput& error) {
    throw BadInput(name + ": " + error.what());
  }
}

/// One value, which `read` makes from its text, or throws BadInput.
template <class T, class Read>
CLI::Option* add_value(CLI::App& app, const std::string& name, T& value, Read read,
                       const std::string& description) {
  const auto take = [&value, name, read](const std::string& text) {
    value = read_value(name, text, read);
  };
  return app.add_option_function<std::string>(name, take, description);
}

/// Values between commas or spaces, each of which `read` makes from its text, or throws BadInput.
template <class T, class Read>
CLI::Option* add_list(CLI::App& app, const std::string& name, std::vector<T>& values, Read read,
                      const std::string& description) {
  const auto take = [&values, name, read](const std::vector<std::string>& texts) {
    for (const auto& text : texts) values.push_back(read_value(name, text, read));
  };
  return app.add_option_function<std::vector<std::string>>(name, take, description)->delimiter(',');
}

/// One of several words. `value` holds the default, where one of them means it.
template <class T>
CLI::Option* add_choice(CLI::App& app, const std::string& name, T& value,
                        const std::vector<std::pair<std::string, T>>& choices,
                        const std::string& description) {
  std::vector<std::string> words;
  std::string all, by_default;
  for (const auto& [word, meaning] : choices) {
    words.push_back(word);
    all += (all.empty() ? "" : "|") + word;
    if (meaning == value) by_default = word;
  }
  const auto take = [&value, choices](const std::string& given) {
    for (const auto& [word, meaning] : choices)
      if (word == given) value = meaning;
  };
  return app.add_option_function<std::string>(name, take, description)
      ->check(one_of(words))
      ->default_str(by_default)
      ->type_name(all);
}

}  // namespace voxelmark::command_line
