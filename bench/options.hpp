#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/case.hpp"

namespace voxelmark {

/// What the user asked for, as written; sweep() gives it a meaning.
struct Options {
  std::string filter;
  std::vector<std::string> sizes, dtypes, engines, devices, datasets, params, inputs;
  std::vector<int> threads;
  std::vector<std::uint64_t> seeds;
  std::optional<int> channel, frame;
  std::optional<Check> check;  ///< nothing: chosen by predicted time
  double max_time = 3;         ///< seconds of samples per case
  std::string second, save, json;
  int runs = 1;                         ///< fresh processes
  std::string base_program, base_json;  ///< another build, measured alternately with this one
  bool list = false, list_operations = false, list_devices = false, limits = false,
       no_limits = false, no_pictures = false;
};

/// Reads the command line. Gives an exit code instead where there is nothing left to do: help,
/// version or wrong usage, which have been printed by then.
std::variant<Options, int> parse_command_line(int argc, char** argv);

}  // namespace voxelmark
