#pragma once
#include <opencv2/core.hpp>
#include <vector>

#include "engines/operations/window.hpp"

namespace voxelmark::opencv_operations {

/// The window slice by slice, from z = -radius to radius: 1 where it has a voxel, else 0, as u8.
inline std::vector<cv::Mat> plane_elements(const Window& window) {
  const auto [rx, ry, rz] = window.radius;
  std::vector<cv::Mat> planes;
  for (std::int64_t z = -rz; z <= rz; ++z)
    planes.push_back(
        cv::Mat::zeros(2 * static_cast<int>(ry) + 1, 2 * static_cast<int>(rx) + 1, CV_8U));
  for (const WindowRow& row : window_rows(window))
    planes[row.z + rz]
        .row(static_cast<int>(row.y + ry))
        .colRange(static_cast<int>(rx - row.half), static_cast<int>(rx + row.half + 1))
        .setTo(1);
  return planes;
}

}  // namespace voxelmark::opencv_operations
