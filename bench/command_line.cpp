#include "engines/core/command_line.hpp"

#include <algorithm>

#include "bench/options.hpp"
#include "bench/ranks.hpp"
#include "build_info.hpp"
#include "engines/core/text.hpp"

namespace voxelmark {

namespace {

constexpr const char* description =
    "bench: how fast is each operation on each engine, and how far is its result from the "
    "reference?\n\n"
    "  bench --filter 'Gauss|Median' --size 512x512x64 --sigma 2,5 --json out.json";

constexpr const char* limits_description =
    "Measure copy bandwidth, launch cost, transfers and arithmetic\n\n"
    "  bench limits --engine opencl --json limits.json\n\n"
    "It takes bench's --engine, --device, --threads and --json.";

constexpr const char* overlap_description =
    "Find how far tiles must overlap, for any image and for those given\n\n"
    "  bench overlap --filter TopHat2D --radius 6 --dataset noise,blobs --json overlap.json\n\n"
    "It takes bench's options of what to run but --overlap, and --json. Tiles are 32 voxels wide, "
    "or --tile; the engine is tbb, or --engine. Exit code 1: tiles differ even at the reach.";

constexpr const char* apply_description =
    "Apply one operation to an image that need not fit the memory\n\n"
    "  bench apply --filter '^GaussianBlur3D$' --sigma 5 --input big.zarr --output new.zarr\n\n"
    "It takes bench's --filter, --param, --sigma, --radius, --input (a TIFF file or an OME-Zarr "
    "folder), --channel, --frame, --engine (default tbb; several share the tiles), --device, "
    "--threads, --tile, --overlap, --per-tile alone, --distribute and --json.";

constexpr const char* footer =
    "Exit codes: 0 all was measured and agreed; 1 something failed or disagreed; 2 wrong usage, or "
    "nothing matched, or nothing was measured; 130 ended by Ctrl-C, what was measured is kept.";

/// Reads "2GiB", "500MB" or "1048576". Throws BadInput.
std::size_t parse_bytes(const std::string& text) {
  const auto digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto number = parse_number<double>(text.substr(0, digits));
  const std::string unit = text.substr(digits);
  const std::vector<std::pair<std::string, double>> units{
      {"", 1},         {"B", 1},    {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30},
      {"TiB", 0x1p40}, {"kB", 1e3}, {"MB", 1e6},     {"GB", 1e9},     {"TB", 1e12}};
  for (const auto& [name, factor] : units)
    if (number && unit == name && *number * factor >= 1 && *number * factor < 0x1p60)
      return static_cast<std::size_t>(*number * factor);
  throw BadInput("'" + text + "' is no size in memory; write it as 2GiB or 500MB");
}

/// `--resume` for the output that is named elsewhere, or `--resume NAME`.
void add_resume(CLI::App& app, bool& resume, std::string& output, const std::string& type,
                const std::string& words) {
  const auto take = [&](const std::string& name) {
    resume = true;
    if (name.empty()) return;
    if (!output.empty() && output != name)
      throw BadInput("--resume " + name + " is another one than " + output +
                     ", which is to be written");
    output = name;
  };
  app.add_option_function<std::string>("--resume", take, words)->expected(0, 1)->type_name(type);
}

void add_measuring(CLI::App& app, Options& options) {
  using namespace command_line;
  add_choice<std::optional<Check>>(
      app, "--check", options.check,
      {{"full", Check::full}, {"sample", Check::sample}, {"none", Check::none}},
      "Compare all voxels with the reference, 4096 or none (default by time)");
  app.add_option("--max-time", options.max_time, "Seconds of samples per case at the most")
      ->check(number_from(0, 86400))
      ->capture_default_str()
      ->type_name("SECONDS");
  app.add_option("--runs", options.runs,
                 "Fresh processes to measure in, whose medians are the samples")
      ->check(whole_number_from(1, 1000))
      ->capture_default_str()
      ->type_name("N");
  app.add_flag("--flush", options.flush,
               "Also measure with emptied caches; takes up to twice as long");
  app.add_flag("--energy", options.energy,
               "Also measure joules, where the device counts them: a second more a case");
  app.add_flag("--no-limits", options.no_limits,
               "Leave out the devices' limits: seconds less, no share of the copy rate");
}

void add_results(CLI::App& app, Options& options) {
  using namespace command_line;
  auto* json = add_output(app, "--json", options.json, "Write the results");
  add_folder(app, "--save", options.save,
             "Write each case's result into this folder: images as TIFF, tables as CSV");
  app.add_flag("--no-pictures", options.no_pictures,
               "Leave the pictures and plots of results out of the JSON");
  add_resume(app, options.resume, options.json, "[FILE]",
             "Go on with results of a run that ended early");
  add_choice<Distribute>(app, "--distribute", options.distribute,
                         {{"cases", Distribute::cases}, {"tiles", Distribute::tiles}},
                         "What the ranks of mpirun share; tiles is for bench apply");
  auto* base =
      app.add_option("--base-program", options.base_program,
                     "Another build of bench, measured alternately; with --json, --base-json")
          ->check(not_empty())
          ->check(CLI::ExistingFile.description(""))
          ->type_name("FILE");
  auto* base_json = app.add_option("--base-json", options.base_json, "Write that build's results")
                        ->check(not_empty())
                        ->type_name("FILE");
  base->needs(base_json, json);
  base_json->needs(base);
}

void add_lists(CLI::App& app, Options& options) {
  app.add_flag("--list", options.list, "List the cases and stop");
  app.add_flag("--list-operations", options.list_operations,
               "List the operations, exactly defined, and stop");
  app.add_flag("--devices", options.list_devices, "List the engines' devices and stop");
}

void add_overlap(CLI::App& app, Options& options) {
  app.add_option("--tolerance", options.tolerance,
                 "Largest difference from the uncut result that counts as none, in grey levels")
      ->check(command_line::number_from(0, 1e30))
      ->capture_default_str()
      ->type_name("LEVELS");
}

void add_apply(CLI::App& app, Options& options) {
  using namespace command_line;
  add_folder(app, "--output", options.output, "The OME-Zarr folder to make");
  add_value(app, "--memory", options.memory, parse_bytes,
            "Memory that the program may take, as 2GiB (default half of what is free)")
      ->type_name("SIZE");
  add_choice<TimePoints>(
      app, "--time-points", options.time_points,
      {{"stream", TimePoints::stream}, {"each", TimePoints::each}, {"all", TimePoints::all}},
      "Tiles of all time points as they come, one after the other, or all in memory at once");
  add_resume(app, options.resume, options.output, "[DIR]",
             "Go on with an --output that was not finished");
}

/// What would change nothing is a mistake.
void require_options(const CLI::App& app, const std::string& subcommand,
                     const std::vector<std::string>& taken) {
  for (const CLI::Option* option : app.get_options())
    if (const std::string name = option->get_name();
        option->count() > 0 && std::find(taken.begin(), taken.end(), name) == taken.end())
      throw BadInput("bench " + subcommand + " takes " + join(taken, ", ") + ", not " + name);
}

/// What several processes may share, and what may be resumed.
void require_fitting(const Options& options) {
  const bool alone = options.runs > 1 || !options.base_program.empty();
  const bool together = options.distribute != Distribute::by_default || Ranks::launched() > 1;
  if (together && !Ranks::has_mpi())
    throw BadInput(
        "this bench was built without MPI, and cannot share work between processes; install Open "
        "MPI (libopenmpi-dev, openmpi-bin) and build again, or start it without mpirun and "
        "--distribute");
  if (options.distribute == Distribute::tiles && !options.apply)
    throw BadInput("--distribute tiles goes with bench apply; a sweep is shared by cases");
  if (options.distribute == Distribute::cases && options.apply)
    throw BadInput("--distribute cases goes with a sweep; bench apply is shared by tiles");
  if (together && (options.limits || options.overlap || alone))
    throw BadInput(std::string(options.limits    ? "bench limits"
                               : options.overlap ? "bench overlap"
                                                 : "--runs and --base-program") +
                   " cannot be shared between processes; start it without mpirun and --distribute");
  if (options.apply || !options.resume) return;
  if (options.json.empty() || options.json == "-")
    throw BadInput("--resume goes on with a result file; name it: --resume FILE");
  if (alone) throw BadInput("--resume does not go with --runs and --base-program");
}

}  // namespace

std::variant<Options, int> parse_command_line(int argc, char** argv) {
  Options options;
  CLI::App app(description, "bench");
  command_line::set_up(app, footer, build_info::version);
  add_lists(app, options);
  app.option_defaults()->group("What to run");
  add_axes(app, options.axes);
  add_tiles(app, options.axes);
  app.option_defaults()->group("How to measure");
  add_measuring(app, options);
  app.option_defaults()->group("Results");
  add_results(app, options);
  app.option_defaults()->group("Options");
  auto* limits = app.add_subcommand("limits", limits_description);
  auto* overlap = app.add_subcommand("overlap", overlap_description);
  add_overlap(*overlap, options);
  auto* apply = app.add_subcommand("apply", apply_description);
  add_apply(*apply, options);
  for (auto* subcommand : {limits, overlap, apply}) subcommand->fallthrough();
  if (const auto code = command_line::parse(app, argc, argv)) return *code;
  options.limits = limits->parsed();
  options.overlap = overlap->parsed();
  options.apply = apply->parsed();
  if (options.limits)
    require_options(app, "limits", {"--engine", "--device", "--threads", "--json"});
  if (options.overlap)
    require_options(app, "overlap",
                    {"--filter", "--size", "--dtype", "--param", "--sigma", "--radius", "--tile",
                     "--engine", "--device", "--threads", "--dataset", "--seed", "--input",
                     "--second", "--channel", "--frame", "--json"});
  if (options.apply)
    require_options(app, "apply",
                    {"--filter", "--param", "--sigma", "--radius", "--tile", "--overlap",
                     "--per-tile", "--engine", "--device", "--threads", "--input", "--channel",
                     "--frame", "--json", "--distribute"});
  require_fitting(options);
  return options;
}

}  // namespace voxelmark
