#pragma once
#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace voxelmark::report {

/// What the chosen subcommand does. It gives the exit code, and throws BadInput.
using Action = std::function<int()>;

/// What subcommands end with that only write.
inline constexpr const char* footer_of_writers = "Exit codes: 0 done; 2 wrong usage or input.";

/// Declares the positional result files and folders.
void add_result_files(CLI::App& app, std::vector<std::string>& files);

// Each declares one subcommand, with its options, which sets `chosen` where it is asked for.
void add_html(CLI::App& app, Action& chosen);
void add_compare(CLI::App& app, Action& chosen);
void add_history(CLI::App& app, Action& chosen);
void add_export(CLI::App& app, Action& chosen);

/// The program `report`.
int run_report(int argc, char** argv);

}  // namespace voxelmark::report
