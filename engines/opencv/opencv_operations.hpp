#pragma once
#include <opencv2/core.hpp>

#include "engines/core/host_engine.hpp"

namespace voxelmark::opencv_operations {

/// What runs when a plan is enqueued, or why OpenCV cannot do it.
using Body = std::variant<std::function<void()>, Skip>;

/// One function per family: takes its intermediate images now, gives what is to run later.
using Make = Body (*)(const Request& request);

Body add_scalar(const Request&);
Body fixed_threshold(const Request&);
Body flip(const Request&);
Body gaussian_blur(const Request&);
Body maximum_z_projection(const Request&);
Body median(const Request&);

/// OpenCV's type of one channel. Labels (u32) have none: Skip them before.
int mat_type(DType dtype);

/// The pixels as one matrix of all rows, z by z: x columns, y·z rows.
cv::Mat all_rows(const std::shared_ptr<Buffer>& buffer);

/// One slice: x columns, y rows.
cv::Mat slice(const std::shared_ptr<Buffer>& buffer, std::int64_t z);

/// One slice a row: x·y columns, z rows, so that an operation along columns is one along z.
cv::Mat slices_as_rows(const std::shared_ptr<Buffer>& buffer);

}  // namespace voxelmark::opencv_operations
