#pragma once
#include <kainjow/mustache.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "reports/cases.hpp"
#include "reports/overlaps.hpp"

namespace voxelmark::report {

/// The page's section on work in tiles.
struct TileSection {
  kainjow::mustache::object view;  ///< tables and pictures, which need no script
  nlohmann::json charts;           ///< what the page's scripts draw, an entry a group
};

/// A group is one operation on one column with all its tiles and overlaps. Pictures stay within a
/// budget.
TileSection tile_section(const Cases& cases, const std::vector<ResultFile>& files,
                         const std::optional<OverlapFile>& searched);

}  // namespace voxelmark::report
