#include "bench/axes.hpp"

#include <algorithm>

#include "bench/engines.hpp"
#include "datasets/generators.hpp"
#include "engines/core/command_line.hpp"
#include "engines/core/text.hpp"
#include "validate/shared_options.hpp"

namespace voxelmark {

namespace {

void add_parameter(Axes& axes, const ParameterAxis& added) {
  for (const ParameterAxis& axis : axes.parameters)
    if (axis.name == added.name)
      throw BadInput("parameter '" + axis.name +
                     "' is given twice; write all its values in one list");
  axes.parameters.push_back(added);
}

/// --sigma 2,5 for --param sigma=2,5.
void add_short_parameter(CLI::App& app, const std::string& name, Axes& axes) {
  app.add_option_function<std::vector<std::string>>(
         "--" + name,
         [&axes, name](const std::vector<std::string>& values) {
           add_parameter(axes, parse_parameter_axis(name + "=" + join(values, ",")));
         },
         "Short for --param " + name + "=...")
      ->check(command_line::not_empty())
      ->type_name("VALUE,...");
}

void add_engines(CLI::App& app, EngineSelection& selection) {
  using namespace command_line;
  std::vector<std::string> names;
  for (const EngineKind& kind : engine_kinds()) names.push_back(kind.name);
  app.add_option("--engine", selection.names,
                 "Of " + join(names, ", ") + " (default), all, external")
      ->delimiter(',')
      ->check(not_empty())
      ->type_name("NAME,...");
  app.add_option("--device", selection.devices, "Devices whose name has this part (default all)")
      ->delimiter(',')
      ->check(not_empty())
      ->type_name("PART,...");
  app.add_option("--engine-command", selection.external.commands,
                 "One more engine: a program, as in 'python3 mine.py'; repeatable")
      ->check(not_empty())
      ->type_name("PROGRAM");
  app.add_option("--engines-dir", selection.external.folders,
                 "External engines whose manifests are in this folder; repeatable")
      ->check(not_empty())
      ->type_name("DIR");
  app.add_option("--engine-timeout", selection.external.time_limit,
                 "Seconds an external engine may take for an answer")
      ->check(number_from(0.1, 86400))
      ->capture_default_str()
      ->type_name("SECONDS");
  selection.external.shipped = VOXELMARK_ADAPTERS;
}

std::uint64_t parse_seed(const std::string& text) {
  const auto seed = parse_number<std::uint64_t>(text);
  if (!seed) throw BadInput("'" + text + "' is no whole number from 0 to 2^64 - 1");
  return *seed;
}

PerTile parse_per_tile(const std::string& text) {
  for (const PerTile how : {PerTile::alone, PerTile::centroid, PerTile::merge})
    if (text == to_string(how)) return how;
  throw BadInput("'" + text + "' is none of alone, centroid, merge");
}

}  // namespace

Filter parse_filter(const std::string& text) {
  // The standard's matcher recurses once a character.
  if (text.size() > 1000) throw BadInput("longer than 1000 characters");
  try {
    return {text, std::regex(text, std::regex::ECMAScript | std::regex::optimize)};
  } catch (const std::regex_error&) {
    throw BadInput("'" + text + "' is no regular expression");
  }
}

ParameterAxis parse_parameter_axis(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == 0 || equals == std::string::npos || equals + 1 == text.size())
    throw BadInput("'" + text + "': write it as NAME=VALUE,..., as in sigma=2,5");
  return {text.substr(0, equals), split(text.substr(equals + 1), ',')};
}

void add_axes(CLI::App& app, Axes& axes) {
  using namespace command_line;
  add_value(app, "--filter", axes.filter, parse_filter,
            "Run cases in whose name (see --list) this regular expression is found")
      ->type_name("REGEX");
  add_list(app, "--size", axes.sizes, parse_shape, "Image sizes, as 2048x2048,1024x1024x32")
      ->type_name("SIZE,...");
  add_list(app, "--dtype", axes.dtypes, parse_dtype, "Pixel types: u8, u16, f32 (default f32)")
      ->type_name("TYPE,...");
  app.add_option_function<std::vector<std::string>>(
         "--param",
         [&axes](const std::vector<std::string>& texts) {
           for (const auto& text : texts)
             add_parameter(axes, read_value("--param", text, parse_parameter_axis));
         },
         "A parameter's values, as sigma=2,5 or radius=2x2x0; repeatable")
      ->type_name("NAME=VALUE,...");
  add_short_parameter(app, "sigma", axes);
  add_short_parameter(app, "radius", axes);
  add_engines(app, axes.engines);
  app.add_option("--threads", axes.threads,
                 "CPU threads, for every CPU engine and device (default all)")
      ->delimiter(',')
      ->check(whole_number_from(1, 4096))
      ->type_name("N,...");
  app.add_option("--dataset", axes.datasets,
                 "Generated images: " + join(dataset_names(), ", ") + " (default noise)")
      ->delimiter(',')
      ->check(one_of(dataset_names()))
      ->type_name("NAME,...");
  add_list(app, "--seed", axes.seeds, parse_seed, "Seeds of generated images (default 1)")
      ->type_name("N,...");
  app.add_option("--input", axes.inputs, "A TIFF file to work on; repeatable")
      ->check(not_empty())
      ->type_name("FILE.tif");
  app.add_option("--second", axes.second,
                 "A TIFF file for second inputs (default: --input mirrored, or generated)")
      ->check(not_empty())
      ->type_name("FILE.tif");
  add_selection(app, axes.selection);
}

void add_tiles(CLI::App& app, Axes& axes) {
  using namespace command_line;
  auto* tile = add_list(app, "--tile", axes.tiles, parse_tile,
                        "Work in tiles too, as 256,512x512x64, from the host's memory and back")
                   ->type_name("TILE,...");
  add_list(app, "--overlap", axes.overlaps, parse_overlap,
           "What tiles read beyond on each side: 0,20x20x5 or auto (default)")
      ->needs(tile)
      ->type_name("VOXELS,...");
  add_list(app, "--per-tile", axes.per_tile, parse_per_tile,
           "Global operations by tiles on their own: alone, centroid, merge")
      ->needs(tile)
      ->type_name("HOW,...");
}

}  // namespace voxelmark
