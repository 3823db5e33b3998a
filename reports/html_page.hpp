#pragma once
#include <string>
#include <vector>

#include "reports/results.hpp"

namespace voxelmark::report {

/// One page of HTML that needs nothing else: rows, charts and scripts are in it.
std::string html_page(const std::vector<ResultFile>& files, const std::string& title);

}  // namespace voxelmark::report
