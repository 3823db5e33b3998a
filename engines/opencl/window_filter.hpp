#pragma once
#include "engines/opencl/opencl_operations.hpp"

namespace voxelmark::opencl {

/// Rows as the kernels take them: y, z and half width of each.
std::vector<cl_int> packed(const std::vector<WindowRow>& rows);

/// Launches kernels/window_filter.cl, one axis after the other for a box. `options` say what it
/// makes of a window; `between_type` is that of the images between axes.
void filter_window(PlanBuilder&, const std::string& options, const Memory& from, DType from_type,
                   DType between_type, const Memory& to, DType to_type, const Shape& shape,
                   const Window& window);

}  // namespace voxelmark::opencl
