#pragma once
#include <string>
#include <vector>

#include "validate/figures.hpp"

namespace voxelmark {

/// What a user demands of a metric: "dice>=0.9".
struct Requirement {
  std::string key, comparison;  ///< one of >=, <=, >, <, ==
  double value = 0;
  std::string text;
};

/// Throws BadInput where the text is none.
Requirement parse_requirement(const std::string& text);

/// What can be required: all that are numbers, or would be if they were defined, and the ends of
/// intervals as "bias_ci.lower".
Figures numbers_of(const Figures& figures);

/// Why the figures do not meet it, or an empty text. What is undefined meets nothing. Throws
/// BadInput where none of numbers_of() has the key.
std::string unmet(const Requirement& requirement, const Figures& figures);

}  // namespace voxelmark
