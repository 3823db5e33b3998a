#pragma once
#include <cstdint>
#include <regex>
#include <string>
#include <vector>

#include "bench/engines.hpp"
#include "bench/tiles.hpp"
#include "datasets/tiff.hpp"
#include "engines/core/dtype.hpp"
#include "engines/core/shape.hpp"

namespace CLI {
class App;
}

namespace voxelmark {

/// A regular expression over cases' names; an empty one finds all.
struct Filter {
  std::string text;
  std::regex regex{""};  ///< a default one would find nothing
};

/// Throws BadInput where the text is no regular expression.
Filter parse_filter(const std::string& text);

/// A parameter's name with the values to sweep. They stay text until an operation says what they
/// are: its own ranges, choices, and axes.
struct ParameterAxis {
  std::string name;
  std::vector<std::string> values;
};

/// Reads "sigma=2,5". Throws BadInput.
ParameterAxis parse_parameter_axis(const std::string& text);

/// What cases are asked for; sweep() makes them. An empty list stands for its default, and for
/// every engine, device and thread there.
struct Axes {
  Filter filter;
  std::vector<ParsedShape> sizes;
  std::vector<DType> dtypes;
  EngineSelection engines;
  std::vector<int> threads;
  std::vector<ParameterAxis> parameters;
  std::vector<TileExtent> tiles;
  std::vector<std::optional<TileExtent>> overlaps;  ///< nothing: as much as is needed
  std::vector<PerTile> per_tile;                    ///< besides the operation itself
  std::vector<std::string> datasets;
  std::vector<std::uint64_t> seeds;
  std::vector<std::string> inputs;  ///< TIFF files
  std::string second;               ///< TIFF file, or empty
  TiffSelection selection;
};

/// Declares the options that fill `axes`, which must outlive the parsing.
void add_axes(CLI::App& app, Axes& axes);

/// The same with those of tiles.
void add_tiles(CLI::App& app, Axes& axes);

}  // namespace voxelmark
