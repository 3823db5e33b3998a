#include <CLI/CLI.hpp>
#include <iostream>

#include "bench/axis_options.hpp"
#include "build_info.hpp"
#include "engines/core/text.hpp"

namespace voxelmark {

namespace {

constexpr const char* description =
    "bench: how fast is each operation on each engine and device of this machine, transfers apart, "
    "and how "
    "far is each result from the reference?\n\n"
    "  bench --filter GaussianBlur3D\n"
    "  bench --filter 'Gauss|Median' --size 512x512x64 --sigma 2,5 --dtype u16,f32 --json "
    "out.json\n"
    "  bench --filter GaussianBlur2D --input image.tif --save results/\n";

constexpr const char* footer =
    "Exit codes: 0 all was measured and agreed; 1 something failed or disagreed; 2 wrong usage, or "
    "nothing "
    "matched, or nothing was measured; 130 ended by Ctrl-C, what was measured is kept.";

}  // namespace

std::variant<Options, int> parse_command_line(int argc, char** argv) {
  Options options;
  CLI::App app(description, "bench");
  app.footer(footer);
  app.set_version_flag("--version", std::string("voxelmark ") + build_info::version);
  std::string check;

  AxisTexts axes;
  add_axis_options(app, options, axes);
  app.add_option(
         "--check", check,
         "Compare all voxels with the reference, 4096 of them, or none (default by predicted time)")
      ->check(CLI::IsMember({"full", "sample", "none"}))
      ->type_name("full|sample|none");
  app.add_option("--max-time", options.max_time, "Seconds of samples per case at the most")
      ->check([](const std::string& text) {
        const auto seconds = parse_number<double>(text);
        return seconds && *seconds >= 0 && *seconds <= 86400 ? std::string()
                                                             : "needs seconds from 0 to 86400";
      })
      ->capture_default_str();
  auto* save =
      app.add_option("--save", options.save, "Write each case's result into this folder as TIFF")
          ->type_name("DIR");
  auto* json = app.add_option("--json", options.json, "Write the results (- is standard output)")
                   ->type_name("FILE");
  app.add_option("--runs", options.runs,
                 "Measure in this many fresh processes; a sample is a process's median")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  auto* base = app.add_option("--base-program", options.base_program,
                              "Another build of bench, measured alternately (A B B A)")
                   ->check(CLI::ExistingFile)
                   ->type_name("FILE");
  auto* base_json = app.add_option("--base-json", options.base_json, "Write that build's results")
                        ->type_name("FILE");
  base->needs(base_json, json);
  base_json->needs(base);
  app.add_flag("--no-limits", options.no_limits,
               "Leave out the devices' limits: seconds less, and no share of the copy rate");
  app.add_flag("--no-pictures", options.no_pictures,
               "Leave the pictures and plots of results out of the JSON");
  app.add_flag("--list", options.list, "List the cases and stop");
  app.add_flag("--list-operations", options.list_operations,
               "List the operations, exactly defined, and stop");
  app.add_flag("--devices", options.list_devices, "List the engines' devices and stop");
  auto* limits =
      app.add_subcommand("limits", "Measure copy bandwidth, launch cost, transfers and arithmetic");
  limits->fallthrough();

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForVersion& version) {
    return app.exit(version);
  } catch (const CLI::ParseError& error) {
    std::cerr << "bench: " << error.what() << "; see bench --help\n";
    return 2;
  }
  for (const auto* named : {save, json, base, base_json})
    if (named->count() > 0 && named->as<std::string>().empty()) {
      std::cerr << "bench: " << named->get_name() << " needs a name; see bench --help\n";
      return 2;
    }
  take_axes(axes, options);
  if (!check.empty())
    options.check = check == "full" ? Check::full : check == "sample" ? Check::sample : Check::none;
  options.limits = limits->parsed();
  return options;
}

}  // namespace voxelmark
