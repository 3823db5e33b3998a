#pragma once
#include <optional>
#include <string>
#include <variant>

#include "bench/axes.hpp"
#include "bench/case.hpp"

namespace voxelmark {

/// What ranks of several processes share: the cases of a sweep, or the tiles of an image.
enum class Distribute { by_default, cases, tiles };

/// How bench apply goes through time points.
enum class TimePoints {
  stream,  ///< all lanes take tiles, whatever time point they are of
  each,    ///< one lane: read, work, write, then the next one
  all,     ///< all are read, then all done, then all written
};

/// What the user asked for.
struct Options {
  Axes axes;
  std::optional<Check> check;  ///< nothing: chosen by predicted time
  double max_time = 3;         ///< seconds of samples per case
  std::string save, json;
  int runs = 1;                         ///< fresh processes
  std::string base_program, base_json;  ///< another build, measured alternately with this one
  bool list = false, list_operations = false, list_devices = false, limits = false, overlap = false,
       apply = false, no_limits = false, no_pictures = false;
  double tolerance = 0;    ///< of bench overlap, in grey levels
  std::string output;      ///< of bench apply
  std::size_t memory = 0;  ///< bytes that bench apply may take; 0: what is free
  TimePoints time_points = TimePoints::stream;
  bool resume = false;     ///< go on with an output, or result file, that was not finished
  Distribute distribute = Distribute::by_default;
  bool flush = false;   ///< also measure with emptied caches
  bool energy = false;  ///< also measure joules

  bool wants_pictures() const { return !json.empty() && !no_pictures; }
};

/// Reads the command line. Gives an exit code instead where there is nothing left to do: help or
/// version have been printed by then. Throws BadInput on wrong usage.
std::variant<Options, int> parse_command_line(int argc, char** argv);

}  // namespace voxelmark
