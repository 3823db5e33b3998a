#include "reports/program.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

#include "build_info.hpp"
#include "engines/core/program.hpp"

namespace voxelmark::report {

namespace {

constexpr const char* description =
    "report: what do result files say, and did anything get worse?\n\n"
    "  report html results.json -o report.html\n"
    "  report compare base.json new.json --markdown comment.md\n"
    "  report history results/ -o site/\n"
    "  report export results.json --to csv -o results.csv\n\n"
    "Result files come from `bench --json FILE`.";

constexpr const char* footer =
    "Exit codes: 0 done, and nothing got worse; 1 something got worse; 2 wrong usage or input.";

}  // namespace

int run_report(int argc, char** argv) {
  return run_program("report", [&] {
    CLI::App app(description, "report");
    app.footer(footer);
    app.set_version_flag("--version", std::string("voxelmark ") + build_info::version);
    app.require_subcommand(1);
    Action chosen;
    add_html(app, chosen);
    add_compare(app, chosen);
    add_history(app, chosen);
    add_export(app, chosen);
    try {
      app.parse(argc, argv);
    } catch (const CLI::CallForHelp& help) {
      return app.exit(help);
    } catch (const CLI::CallForVersion& version) {
      return app.exit(version);
    } catch (const CLI::ParseError& error) {
      std::cerr << "report: " << error.what() << "; see report --help\n";
      return exit_code::unusable;
    }
    return chosen();
  });
}

}  // namespace voxelmark::report
