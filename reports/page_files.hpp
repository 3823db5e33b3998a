#pragma once
#include <string>
#include <vector>

namespace voxelmark::report {

/// A file of reports/page/, or a library of the page.
struct PageFile {
  std::string name;  ///< without extension: "report", "chart_js"
  std::string text;
};

/// All of them, embedded into the program when it is built (cmake/page.cmake).
const std::vector<PageFile>& page_files();

}  // namespace voxelmark::report
