#pragma once
#include <string>

#include "reports/history.hpp"

namespace voxelmark::report {

/// The index page of a history, beside a page and a result file of each run in runs/.
std::string history_page(const History& history, const std::string& title);

}  // namespace voxelmark::report
