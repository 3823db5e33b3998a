#include "validate/command_line.hpp"

#include <cmath>

#include "build_info.hpp"
#include "engines/core/command_line.hpp"
#include "engines/core/text.hpp"

namespace voxelmark {

namespace {

using namespace command_line;

constexpr const char* description =
    "validate: how well do two images, masks, label images or columns of measurements agree?\n\n"
    "  validate labels truth.tif segmented.tif --require 'sparse_jaccard>=0.8'\n"
    "  validate masks truth/ segmented/ --json result.json\n"
    "  validate images cpu.tif gpu.tif --plot pictures/\n"
    "  validate measurements areas.csv --reference manual --test automatic\n"
    "  validate engines --filter GaussianBlur3D\n\n"
    "Two folders instead of two files: images of one name are compared, and each metric is "
    "averaged. docs/metrics.md defines them all.";

constexpr const char* footer =
    "Exit codes: 0 compared, and every --require is met; 1 one is not met, or engines disagree; 2 "
    "wrong usage or input.";

constexpr double largest = 1e300;

/// "0.1,0.1,0.5", or one number for all axes.
Spacing parse_spacing(const std::string& text) {
  const auto refused = [&] {
    return BadInput("'" + text +
                    "' needs micrometres per voxel above 0 along x,y,z, as in 0.1,0.1,0.5, or one "
                    "number");
  };
  std::vector<double> steps;
  for (const auto& part : split(text, ',')) {
    const auto step = parse_number<double>(part);
    if (!step || !(*step > 0) || !std::isfinite(*step)) throw refused();
    steps.push_back(*step);
  }
  if (steps.size() == 1) return {steps[0], steps[0], steps[0]};
  if (steps.size() != 3) throw refused();
  return {steps[0], steps[1], steps[2]};
}

void add_spacing(CLI::App& app, std::optional<Spacing>& spacing) {
  add_value(app, "--spacing", spacing, parse_spacing,
            "Micrometres per voxel along x,y,z, or one number for all (default: the file's)")
      ->type_name("X,Y,Z");
}

void add_files(CLI::App& app, std::vector<std::string>& files, int least, int most,
               const std::string& what, const std::string& names) {
  app.add_option("files", files, what)
      ->required()
      ->expected(least, most)
      ->check(not_empty())
      ->type_name(names);
}

void add_column(CLI::App& app, const std::string& name, std::string& column,
                const std::string& what) {
  app.add_option(name, column, what)->check(not_empty())->type_name("COLUMN");
}

/// What subcommands on pairs of files share.
CLI::App& add_pair(CLI::App& app, const std::string& name, const std::string& what,
                   const std::string& requirement, ValidateOptions& o, PairKind kind) {
  CLI::App& sub = *app.add_subcommand(name, what);
  sub.callback([&o, kind] { o.settings.kind = kind; });
  add_files(sub, o.files, 2, 2, "Reference and test: two TIFF files, or two folders", "REF TEST");
  add_selection(sub, o.settings.selection);
  sub.add_option("--seed", o.seed, "Of the bootstrap over a folder's images")
      ->check(CLI::NonNegativeNumber.description(""))
      ->capture_default_str()
      ->type_name("N");
  add_agreement_outputs(sub, o.outputs, requirement);
  return sub;
}

void add_bland_altman(CLI::App& app, PairSettings& settings) {
  PairedOptions& paired = settings.metrics.paired;
  app.add_option("--limits", paired.z, "Limits of agreement are bias ± this many SD, as 1.96 or 2")
      ->check(number_from(0.01, 100))
      ->capture_default_str()
      ->type_name("Z");
  auto* in_percent = app.add_flag_callback(
      "--percent", [&paired] { paired.difference = Difference::percent; },
      "Differences in percent of each pair's mean");
  app.add_flag_callback(
         "--ratio", [&paired] { paired.difference = Difference::ratio; },
         "test / reference instead of differences")
      ->excludes(in_percent);
  app.add_flag("--sample-ccc", paired.sample_ccc,
               "Concordance from moments over n - 1 instead of n");
}

void add_boundaries(CLI::App& app, PairSettings& settings) {
  MetricOptions& metrics = settings.metrics;
  add_spacing(app, settings.spacing);
  app.add_option("--tau", metrics.boundary.tau,
                 "Tolerance of the surface distance, in µm; without it nsd is undefined")
      ->check(number_from(0, largest))
      ->type_name("UM");
  app.add_option("--band", metrics.boundary.band,
                 "Width of Boundary IoU's bands, in µm (default 2 % of the image's diagonal)")
      ->check(number_from(0, largest))
      ->type_name("UM");
  add_choice<bool>(app, "--border", metrics.boundary.border_is_outside,
                   {{"outside", true}, {"inside", false}},
                   "Whether the image's border counts as outside of masks");
  app.add_option("--both-empty", metrics.both_empty,
                 "Value of Dice and Jaccard where both sides are empty (default: undefined)")
      ->check(number_from(0, 1))
      ->type_name("VALUE");
  app.add_flag("--cl-dice", metrics.centre_lines, "Compute the centre-line Dice index too");
}

void add_images(CLI::App& app, ValidateOptions& o) {
  CLI::App& sub = add_pair(app, "images",
                           "Grey levels: errors, correlation, Bland-Altman\n\n"
                           "  validate images cpu.tif gpu.tif --csv errors.csv --plot pictures/",
                           "pearson_r>=0.999", o, PairKind::images);
  add_bland_altman(sub, o.settings);
  add_folder(sub, "--plot", o.settings.plots, "Draw into this folder");
  sub.add_flag("--skip-non-finite", o.settings.skip_non_finite,
               "Leave out pixels that are NaN or infinite, instead of refusing the image");
}

void add_masks(CLI::App& app, ValidateOptions& o) {
  CLI::App& sub = add_pair(app, "masks",
                           "Not 0 is foreground: overlap and boundaries\n\n"
                           "  validate masks truth/ segmented/ --tau 1 --require 'dice>=0.9'",
                           "dice>=0.9", o, PairKind::masks);
  add_boundaries(sub, o.settings);
  add_folder(sub, "--plot", o.settings.plots, "Draw an overlay into this folder");
}

void add_labels(CLI::App& app, ValidateOptions& o) {
  CLI::App& sub =
      add_pair(app, "labels",
               "Objects: overlap, matches, boundaries\n\n"
               "  validate labels truth.tif segmented.tif --require 'sparse_jaccard>=0.8'",
               "sparse_jaccard>=0.8", o, PairKind::labels);
  add_boundaries(sub, o.settings);
  sub.add_option("--iou", o.settings.metrics.iou,
                 "Objects match above this intersection over union")
      ->check(number_from(0, 0.999999))
      ->capture_default_str()
      ->type_name("RATIO");
  add_folder(sub, "--plot", o.settings.plots, "Draw an overlay into this folder");
}

void add_measurements(CLI::App& app, ValidateOptions& o) {
  CLI::App& sub = *app.add_subcommand(
      "measurements",
      "Two columns of one or two tables: Bland-Altman\n\n"
      "  validate measurements areas.csv --reference manual --test automatic\n"
      "  validate measurements a.csv b.csv --key cell --reference area --test area");
  sub.callback([&o] { o.command = ValidateCommand::measurements; });
  add_files(sub, o.files, 1, 2, "One CSV file, or two that --key joins", "TABLE.csv [TABLE.csv]");
  add_column(sub, "--reference", o.reference_column, "Column of the reference");
  add_column(sub, "--test", o.test_column, "Column of the test");
  for (const char* name : {"--reference", "--test"}) sub.get_option(name)->required();
  add_column(sub, "--key", o.key_column, "Column that names the rows of two files alike");
  add_column(sub, "--reference-again", o.reference_again,
             "Column with a second reading of each subject, for the repeatability");
  add_column(sub, "--test-again", o.test_again, "The same for the test");
  sub.add_option("--unit", o.unit, "What a row stands for, in a word, as subject, object or image")
      ->type_name("WORD");
  add_bland_altman(sub, o.settings);
  add_folder(sub, "--plot", o.settings.plots, "Draw into this folder");
  add_agreement_outputs(sub, o.outputs, "concordance>=0.9");
}

void add_measure(CLI::App& app, ValidateOptions& o) {
  CLI::App& sub = *app.add_subcommand("measure",
                                      "Measure each label's object, as a table\n\n"
                                      "  validate measure labels.tif image.tif --csv objects.csv");
  sub.callback([&o] { o.command = ValidateCommand::measure; });
  sub.footer("Exit codes: 0 measured; 2 wrong usage or input.");
  add_files(sub, o.files, 1, 2, "A label image, and an image for the intensities",
            "LABELS [INTENSITY]");
  add_selection(sub, o.settings.selection);
  add_spacing(sub, o.settings.spacing);
  add_choice<FeretPoints>(sub, "--feret", o.feret,
                          {{"corners", FeretPoints::corners},
                           {"edges", FeretPoints::edges},
                           {"centers", FeretPoints::centers}},
                          "Points that diameters and calipers are taken between");
  add_output(sub, "--csv", o.outputs.csv, "Write the table, instead of printing it");
}

}  // namespace

std::variant<ValidateOptions, int> parse_validate_command_line(int argc, char** argv) {
  ValidateOptions o;
  CLI::App app(description, "validate");
  set_up(app, footer, build_info::version);
  app.require_subcommand(1);
  add_images(app, o);
  add_masks(app, o);
  add_labels(app, o);
  add_measurements(app, o);
  add_measure(app, o);
  // Its own program reads this one's options; here it is listed.
  app.add_subcommand("engines", "All engines and devices against each other");
  if (const auto code = parse(app, argc, argv)) return *code;
  o.word = app.get_subcommands().front()->get_name();
  return o;
}

}  // namespace voxelmark
