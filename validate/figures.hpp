#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engines/core/image.hpp"
#include "validate/boundary.hpp"
#include "validate/paired_agreement.hpp"
#include "validate/value.hpp"

namespace voxelmark {

/// One named result: a number, a truth value, a text, a list; or nothing, and why. Reports know no
/// metric by name.
struct Figure {
  std::string key;  ///< parts of a group stand behind dots: "limits_of_agreement.lower"
  nlohmann::ordered_json value;
  std::string reason;  ///< where the value, or a part of it, is null
  bool scalar = true;  ///< a number, or would be one if it were defined
  std::string unit{};  ///< shown behind the value; empty where there is none, or the key says it

  /// The value as a number, truth as 1 and 0; nothing where it is something else, or undefined.
  std::optional<double> number() const;
};
using Figures = std::vector<Figure>;

Figure figure(std::string key, const Value& value, std::string unit = "");
/// A list of both ends, an undefined one as null; null where both are.
Figure figure(std::string key, const ValueRange& range);

struct MetricOptions {
  PairedOptions paired;
  BoundaryOptions boundary;
  double iou = 0.5;  ///< objects match above it
  std::optional<double>
      both_empty;  ///< Dice and Jaccard of two empty masks, where they are to have a value
  bool centre_lines = false;  ///< clDice, which takes its time
};

/// Two images of one shape and type, without NaN or infinity. The unit of a pair is the pixel.
Figures image_figures(const Image& reference, const Image& test, const MetricOptions& options);

/// Two images of one shape; not 0 is the mask.
Figures mask_figures(const Image& reference, const Image& test, const MetricOptions& options);

/// Two label images (u32) of one shape: objects, and their foregrounds as masks.
Figures label_figures(const Image& reference, const Image& test, const MetricOptions& options);

/// Pairs of measurements. Each side may have a second reading of the same subjects, or none. `unit`
/// is what a pair stands for: "subject", "object", "row".
Figures measurement_figures(std::span<const double> reference, std::span<const double> test,
                            std::span<const double> reference_again,
                            std::span<const double> test_again, const std::string& unit,
                            const MetricOptions& options);

/// The figures as an object, groups as objects within, undefined ones as null with their `reasons`.
nlohmann::ordered_json to_json(const Figures& figures);

/// A table of two columns for people.
std::string to_text(const Figures& figures);

/// The figures of one pair among several.
struct NamedFigures {
  std::string name;
  Figures figures;
};

/// Comma-separated values: a row a pair, a column for every key that occurs; intervals have one for
/// each end. What is undefined is an empty cell.
std::string to_csv(const std::vector<NamedFigures>& rows);

}  // namespace voxelmark
