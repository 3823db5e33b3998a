#pragma once
#include <optional>
#include <string>
#include <vector>

#include "reports/overlaps.hpp"
#include "reports/results.hpp"

namespace voxelmark::report {

/// One page of HTML that needs nothing else: rows, charts and scripts are in it. `searched` are
/// needed overlaps that its section on tiles lists.
std::string html_page(const std::vector<ResultFile>& files, const std::string& title,
                      const std::optional<OverlapFile>& searched = {});

}  // namespace voxelmark::report
