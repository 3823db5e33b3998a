#include "validate/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <iostream>

#include "build_info.hpp"
#include "engines/core/error.hpp"
#include "engines/core/text.hpp"

namespace voxelmark {

namespace {

constexpr const char* description =
    "validate: how well do two images, masks, label images or columns of measurements agree?\n\n"
    "  validate labels truth.tif segmented.tif --require 'sparse_jaccard>=0.8'\n"
    "  validate masks truth/ segmented/ --json result.json\n"
    "  validate images cpu.tif gpu.tif --plot pictures/\n"
    "  validate measurements areas.csv --reference manual --test automatic\n"
    "  validate engines --filter GaussianBlur3D\n\n"
    "Two folders instead of two files: images of one name are compared, and each metric is "
    "averaged. "
    "docs/metrics.md defines them all.";

constexpr const char* footer =
    "Exit codes: 0 compared, and every --require is met; 1 one is not met; 2 wrong usage or input.";

/// "0.1,0.1,0.5", or one number for all axes.
Spacing parse_spacing(const std::string& text) {
  std::vector<double> steps;
  for (const auto& part : split(text, ',')) {
    const auto step = parse_number<double>(part);
    if (!step || !(*step > 0) || !std::isfinite(*step)) steps.clear();
    if (!step || !(*step > 0) || !std::isfinite(*step)) break;
    steps.push_back(*step);
  }
  if (steps.size() == 1) return {steps[0], steps[0], steps[0]};
  if (steps.size() == 3) return {steps[0], steps[1], steps[2]};
  throw BadInput("--spacing " + text +
                 " needs micrometres per voxel above 0 along x,y,z, as in "
                 "0.1,0.1,0.5");
}

/// A finite number of at least `least`.
CLI::Validator number_from(double least, double most) {
  return CLI::Validator(
      [=](const std::string& text) {
        const auto value = parse_number<double>(text);
        return value && *value >= least && *value <= most
                   ? std::string()
                   : "needs a number from " + shortest(least) + " to " + shortest(most);
      },
      "");
}

}  // namespace

std::variant<ValidateOptions, int> parse_validate_command_line(int argc, char** argv) {
  ValidateOptions o;
  MetricOptions& metrics = o.settings.metrics;
  std::string spacing, border = "outside", feret = "corners";
  std::vector<std::string> requirements;
  bool percent = false, as_ratio = false;
  CLI::App app(description, "validate");
  app.footer(footer);
  app.set_version_flag("--version", std::string("voxelmark ") + build_info::version);
  app.require_subcommand(1);

  const auto outputs = [&](CLI::App* sub, bool with_requirements) {
    if (with_requirements)
      sub->add_option("--require", requirements,
                      "Exit with 1 unless a metric is so, as 'dice>=0.9'; repeatable")
          ->type_name("METRIC>=NUMBER");
    if (with_requirements)
      sub->add_option("--json", o.json, "Write the figures (- is standard output)")
          ->type_name("FILE");
    sub->add_option("--csv", o.csv, "Write them as a table (- is standard output)")
        ->type_name("FILE");
  };
  const auto limits = [&](CLI::App* sub) {
    sub->add_option("--limits", metrics.paired.z, "Limits of agreement are bias ± this many SD")
        ->check(number_from(0.01, 100))
        ->capture_default_str()
        ->type_name("1.96|2");
    auto* in_percent =
        sub->add_flag("--percent", percent, "Differences in percent of each pair's mean");
    sub->add_flag("--ratio", as_ratio, "test / reference instead of differences")
        ->excludes(in_percent);
    sub->add_flag("--sample-ccc", metrics.paired.sample_ccc,
                  "Concordance from moments over n - 1 instead of n");
    sub->add_option("--plot", o.settings.plots, "Draw into this folder")->type_name("DIR");
  };
  const auto files = [&](CLI::App* sub) {
    sub->add_option("files", o.files, "Reference and test: two TIFF files, or two folders")
        ->required()
        ->expected(2)
        ->type_name("REF TEST");
    sub->add_option("--channel", o.settings.selection.channel, "Channel of a hyperstack, from 0")
        ->check(CLI::Range(0, 1 << 20));
    sub->add_option("--frame", o.settings.selection.frame, "Frame of a hyperstack, from 0")
        ->check(CLI::Range(0, 1 << 20));
    sub->add_option("--seed", o.seed, "Of the bootstrap over a folder's images")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    outputs(sub, true);
  };
  const auto distances = [&](CLI::App* sub) {
    sub->add_option(
           "--spacing", spacing,
           "Micrometres per voxel along x,y,z, or one number for all (default: the file's)")
        ->type_name("X,Y,Z");
    sub->add_option("--tau", metrics.boundary.tau, "Tolerance of the surface distance (nsd), µm")
        ->check(number_from(0, 1e300))
        ->type_name("UM");
    sub->add_option("--band", metrics.boundary.band,
                    "Width of Boundary IoU's bands, µm (default 2 % of the image's diagonal)")
        ->check(number_from(0, 1e300))
        ->type_name("UM");
    sub->add_option("--border", border, "Whether the image's border counts as outside of masks")
        ->check(CLI::IsMember({"outside", "inside"}))
        ->capture_default_str()
        ->type_name("outside|inside");
    sub->add_option("--both-empty", metrics.both_empty,
                    "Value of Dice and Jaccard where both sides are empty (default: undefined)")
        ->check(number_from(0, 1));
    sub->add_flag("--cl-dice", metrics.centre_lines, "Compute the centre-line Dice index too");
    sub->add_option("--plot", o.settings.plots, "Draw an overlay into this folder")
        ->type_name("DIR");
  };

  auto* images = app.add_subcommand("images", "Grey levels: errors, correlation, Bland-Altman");
  files(images);
  limits(images);
  images->add_flag("--skip-non-finite", o.settings.skip_non_finite,
                   "Leave out pixels that are NaN or infinite, instead of refusing the image");
  auto* masks = app.add_subcommand("masks", "Not 0 is foreground: overlap and boundaries");
  files(masks);
  distances(masks);
  auto* labels = app.add_subcommand("labels", "Objects: overlap, matches, boundaries");
  files(labels);
  distances(labels);
  labels->add_option("--iou", metrics.iou, "Objects match above this intersection over union")
      ->check(number_from(0, 0.999999))
      ->capture_default_str();

  auto* table =
      app.add_subcommand("measurements", "Two columns of one or two tables: Bland-Altman");
  table->add_option("files", o.files, "One CSV file, or two that --key joins")
      ->required()
      ->expected(1, 2)
      ->type_name("TABLE.csv");
  table->add_option("--reference", o.reference_column, "Column of the reference")->required();
  table->add_option("--test", o.test_column, "Column of the test")->required();
  table->add_option("--key", o.key_column, "Column that names the rows of two files alike");
  table->add_option("--reference-again", o.reference_again,
                    "Column with a second reading of each subject, for the repeatability");
  table->add_option("--test-again", o.test_again, "The same for the test");
  table->add_option("--unit", o.unit, "What a row stands for: subject, object, image");
  limits(table);
  outputs(table, true);

  auto* measure = app.add_subcommand("measure", "Measure each label's object, as a table");
  measure->add_option("files", o.files, "A label image, and an image for the intensities")
      ->required()
      ->expected(1, 2)
      ->type_name("LABELS [INTENSITY]");
  measure
      ->add_option("--spacing", spacing,
                   "Micrometres per voxel along x,y,z, or one number for all (default: the file's)")
      ->type_name("X,Y,Z");
  measure->add_option("--feret", feret, "Points that diameters and calipers are taken between")
      ->check(CLI::IsMember({"corners", "edges", "centers"}))
      ->capture_default_str();
  outputs(measure, false);
  // Its own program reads this one's options; here it is listed.
  app.add_subcommand("engines",
                     "All engines and devices against each other; see validate engines "
                     "--help");

  std::vector<std::string> words;
  for (const CLI::App* sub : app.get_subcommands({})) words.push_back(sub->get_name());
  if (argc > 1 && argv[1][0] != '-' &&
      std::find(words.begin(), words.end(), argv[1]) == words.end())
    throw BadInput("there is no subcommand '" + std::string(argv[1]) + "'; use " +
                   join(words, ", "));
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForVersion& version) {
    return app.exit(version);
  } catch (const CLI::ParseError& error) {
    std::cerr << "validate: " << error.what() << "; see validate --help\n";
    return 2;
  }
  const CLI::App* chosen = app.get_subcommands().front();
  o.word = chosen->get_name();
  for (const char* name : {"--json", "--csv", "--plot", "--reference", "--test", "--key",
                           "--spacing", "--reference-again", "--test-again"})
    if (const auto* option = chosen->get_option_no_throw(name);
        option && option->count() > 0 && option->as<std::string>().empty())
      throw BadInput(std::string(name) + " needs a name");
  o.command = chosen == table     ? ValidateCommand::measurements
              : chosen == measure ? ValidateCommand::measure
                                  : ValidateCommand::pair;
  o.settings.kind = chosen == images  ? PairKind::images
                    : chosen == masks ? PairKind::masks
                                      : PairKind::labels;
  metrics.paired.difference = percent    ? Difference::percent
                              : as_ratio ? Difference::ratio
                                         : Difference::absolute;
  metrics.boundary.border_is_outside = border == "outside";
  o.feret = feret == "corners" ? FeretPoints::corners
            : feret == "edges" ? FeretPoints::edges
                               : FeretPoints::centers;
  if (!spacing.empty()) o.settings.spacing = parse_spacing(spacing);
  for (const auto& text : requirements) o.requirements.push_back(parse_requirement(text));
  if (o.json == "-" && o.csv == "-")
    throw BadInput("--json - and --csv - both want standard output; name a file for one of them");
  return o;
}

}  // namespace voxelmark
