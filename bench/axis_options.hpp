#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "bench/options.hpp"

namespace voxelmark {

/// What is written of some axes until take_axes() gives it a meaning.
struct AxisTexts {
  std::vector<std::string> sigmas, radii, seeds;
};

/// The options that say which cases there are: operations, sizes, types, engines, parameters,
/// inputs.
void add_axis_options(CLI::App& app, Options& options, AxisTexts& texts);

/// To be called once the command line is parsed.
void take_axes(const AxisTexts& texts, Options& options);

}  // namespace voxelmark
