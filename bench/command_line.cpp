#include <CLI/CLI.hpp>
#include <iostream>

#include "bench/options.hpp"
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
  std::vector<std::string> sigmas, radii;
  std::string check;
  std::vector<std::string> seeds;

  app.add_option("--filter", options.filter,
                 "Run the cases whose name this regular expression finds")
      ->type_name("REGEX");
  app.add_option("--size", options.sizes, "Image sizes, as 2048x2048,1024x1024x32")
      ->delimiter(',')
      ->type_name("SIZE,...");
  app.add_option("--dtype", options.dtypes, "Pixel types: u8, u16, f32 (default f32)")
      ->delimiter(',')
      ->type_name("TYPE,...");
  app.add_option("--engine", options.engines,
                 "Engines: reference, tbb, opencv, opencv-umat, opencl (default all)")
      ->delimiter(',')
      ->type_name("NAME,...");
  app.add_option("--device", options.devices,
                 "OpenCL devices whose name has this part (default all)")
      ->delimiter(',')
      ->type_name("PART,...");
  app.add_option("--threads", options.threads,
                 "CPU threads, for every CPU engine and device (default all)")
      ->delimiter(',')
      ->type_name("N,...")
      ->check(CLI::Range(1, 4096));
  app.add_option("--param", options.params,
                 "A parameter's values, as sigma=2,5 or radius=2x2x0; repeatable")
      ->type_name("NAME=VALUE,...");
  app.add_option("--sigma", sigmas, "Short for --param sigma=...")->type_name("VALUE,...");
  app.add_option("--radius", radii, "Short for --param radius=...")->type_name("VALUE,...");
  app.add_option("--input", options.inputs, "A TIFF file to work on; repeatable")
      ->type_name("FILE.tif");
  app.add_option(
         "--second", options.second,
         "A TIFF file for the second input of operations that take two: an image, labels or "
         "a mask (default: --input mirrored, or generated)")
      ->type_name("FILE.tif");
  app.add_option("--channel", options.channel, "Channel of a hyperstack, from 0")
      ->check(CLI::Range(0, 1 << 20));
  app.add_option("--frame", options.frame, "Frame of a hyperstack, from 0")
      ->check(CLI::Range(0, 1 << 20));
  app.add_option("--dataset", options.datasets,
                 "Generated images: noise, nuclei, blobs, spiral, constant (default noise)")
      ->delimiter(',')
      ->type_name("NAME,...");
  app.add_option("--seed", seeds, "Seeds of generated images (default 1)")
      ->delimiter(',')
      ->type_name("N,...")
      ->check([](const std::string& text) {
        return parse_number<std::uint64_t>(text) ? std::string()
                                                 : "needs whole numbers from 0 to 2^64 - 1";
      });
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
  for (const auto* named : {save, json})
    if (named->count() > 0 && named->as<std::string>().empty()) {
      std::cerr << "bench: " << named->get_name() << " needs a name; see bench --help\n";
      return 2;
    }
  for (const auto& text : seeds) options.seeds.push_back(*parse_number<std::uint64_t>(text));
  for (const auto& text : sigmas) options.params.push_back("sigma=" + text);
  for (const auto& text : radii) options.params.push_back("radius=" + text);
  if (!check.empty())
    options.check = check == "full" ? Check::full : check == "sample" ? Check::sample : Check::none;
  options.limits = limits->parsed();
  return options;
}

}  // namespace voxelmark
