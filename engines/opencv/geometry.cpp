// Voxels that only move: turns, reslices, crops.
#include "engines/operations/crop.hpp"

#include "engines/opencv/opencv_operations.hpp"

namespace voxelmark::opencv_operations {

template <class M>
Body rotate(Work<M>& work) {
  const auto turns = static_cast<int>(work.parameters().number("turns"));
  return [=, input = work.input(), output = work.output()] {
    const auto code = turns == 1   ? cv::ROTATE_90_COUNTERCLOCKWISE
                      : turns == 2 ? cv::ROTATE_180
                                   : cv::ROTATE_90_CLOCKWISE;
    for (std::int64_t z = 0; z < input.shape().z; ++z) {
      M result = output.slice(z);
      cv::rotate(input.slice(z), result, code);
    }
  };
}

// Each slice of the input goes to the same columns of a matrix with one slice of the output a row.
template <class M>
Body reslice(Work<M>& work) {
  return [input = work.input(), output = work.output(),
          top = work.parameters().choice("from") == "top"] {
    const auto width = static_cast<int>(output.shape().x);
    const M slices = output.slices_as_rows();
    for (std::int64_t z = 0; z < input.shape().z; ++z) {
      const auto first = static_cast<int>(z) * width;
      M result = slices.colRange(first, first + width);
      if (top)
        input.slice(z).copyTo(result);
      else
        cv::transpose(input.slice(z), result);
    }
  };
}

template <class M>
Body crop(Work<M>& work) {
  return [input = work.input(), output = work.output(),
          region = cropped(work.parameters(), work.shape())] {
    const cv::Rect part(static_cast<int>(region.origin.x), static_cast<int>(region.origin.y),
                        static_cast<int>(region.extent.x), static_cast<int>(region.extent.y));
    for (std::int64_t z = 0; z < region.extent.z; ++z) {
      M result = output.slice(z);
      input.slice(region.origin.z + z)(part).copyTo(result);
    }
  };
}

VOXELMARK_FOR_BOTH_MATRICES(rotate);
VOXELMARK_FOR_BOTH_MATRICES(reslice);
VOXELMARK_FOR_BOTH_MATRICES(crop);

}  // namespace voxelmark::opencv_operations
