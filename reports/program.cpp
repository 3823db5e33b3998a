#include "reports/program.hpp"

#include "build_info.hpp"
#include "engines/core/command_line.hpp"
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
    "Exit codes: 0 done; 1 compare found that something got worse; 2 wrong usage or input.";

}  // namespace

void add_result_files(CLI::App& app, std::vector<std::string>& files) {
  app.add_option("results", files, "Result files, or folders of them")
      ->required()
      ->check(command_line::not_empty())
      ->type_name("FILE...");
}

int run_report(int argc, char** argv) {
  return run_program("report", [&] {
    CLI::App app(description, "report");
    command_line::set_up(app, footer, build_info::version);
    app.require_subcommand(1);
    Action chosen;
    add_html(app, chosen);
    add_compare(app, chosen);
    add_history(app, chosen);
    add_export(app, chosen);
    const auto code = command_line::parse(app, argc, argv);
    return code ? *code : chosen();
  });
}

}  // namespace voxelmark::report
