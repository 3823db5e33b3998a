#pragma once
#include <string>

#include "reports/history.hpp"

namespace voxelmark::report {

/// The index page of a history. `with_pages`: each run has a page beside its copy in runs/.
std::string history_page(const History& history, const std::string& title, bool with_pages);

}  // namespace voxelmark::report
