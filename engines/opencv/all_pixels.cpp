#include <cmath>
#include <limits>

#include "engines/opencv/opencv_operations.hpp"

namespace voxelmark::opencv_operations {

namespace {

/// The table's one cell is f(). OpenCV's numbers come back to the host; of a cv::UMat, the table
/// is written from there.
template <class M, class F>
Body number(Work<M>& work, F f) {
  return [output = work.output(), f] {
    M table = output.all_rows();
    table.setTo(cv::Scalar(f()));
  };
}

/// The image in double precision, in scratch: cv::sum adds float32 in float32, a few at a time.
template <class M>
std::function<double()> exact_sum(Work<M>& work) {
  if (work.dtype() != DType::f32)
    return [input = work.input()] { return cv::sum(input.all_rows())[0]; };
  const Shape& shape = work.shape();
  return [input = work.input(), doubles = work.scratch({shape.x, shape.y, 1}, DType::f64)] {
    double sum = 0;
    for (std::int64_t z = 0; z < input.shape().z; ++z) {
      M slice = doubles.all_rows();
      input.slice(z).convertTo(slice, CV_64F);
      sum += cv::sum(slice)[0];
    }
    return sum;
  };
}

/// Sums of a cv::UMat lose what does not fit 32 bits.
template <class M>
std::optional<Skip> narrow_sums() {
  if (std::is_same_v<M, cv::UMat>)
    return Skip{
        "OpenCV adds a cv::UMat's pixels in 32 bits: integers overflow, floats are rounded"};
  return std::nullopt;
}

template <class M>
double voxels(const Pixels<M>& image) {
  return static_cast<double>(image.shape().voxels());
}

}  // namespace

template <class M>
Body sum_of_all_pixels(Work<M>& work) {
  if (auto skip = narrow_sums<M>()) return *skip;
  return number(work, exact_sum(work));
}

template <class M>
Body mean_of_all_pixels(Work<M>& work) {
  if (auto skip = narrow_sums<M>()) return *skip;
  return number(work, [sum = exact_sum(work), n = voxels(work.input())] { return sum() / n; });
}

// cv::meanStdDev takes the squares before it subtracts: at 30000 ± 1 it is off by 1e-3.
template <class M>
Body standard_deviation_of_all_pixels(Work<M>& work) {
  if (auto skip = narrow_sums<M>()) return *skip;
  const Shape& shape = work.shape();
  return number(
      work, [input = work.input(), differences = work.scratch({shape.x, shape.y, 1}, DType::f64)] {
        const double n = voxels(input);
        const cv::Scalar mean = cv::mean(input.all_rows());
        double deviations = 0, squares = 0;
        for (std::int64_t z = 0; z < input.shape().z; ++z) {
          M difference = differences.all_rows();
          cv::subtract(input.slice(z), mean, difference, cv::noArray(), CV_64F);
          deviations += cv::sum(difference)[0];
          squares += cv::norm(difference, cv::NORM_L2SQR);
        }
        return std::sqrt(std::max(0.0, squares - deviations * deviations / n) / n);
      });
}

namespace {

template <class M>
Body extremum(Work<M>& work, bool least) {
  return number(work, [input = work.input(), least] {
    double minimum = 0, maximum = 0;
    cv::minMaxLoc(input.all_rows(), &minimum, &maximum);
    // Where there is no number, cv::minMaxLoc leaves its starting values, infinities.
    if (minimum > maximum) return std::numeric_limits<double>::quiet_NaN();
    return least ? minimum : maximum;
  });
}

}  // namespace

template <class M>
Body minimum_of_all_pixels(Work<M>& work) {
  return extremum(work, true);
}

template <class M>
Body maximum_of_all_pixels(Work<M>& work) {
  return extremum(work, false);
}

VOXELMARK_FOR_BOTH_MATRICES(sum_of_all_pixels);
VOXELMARK_FOR_BOTH_MATRICES(mean_of_all_pixels);
VOXELMARK_FOR_BOTH_MATRICES(standard_deviation_of_all_pixels);
VOXELMARK_FOR_BOTH_MATRICES(minimum_of_all_pixels);
VOXELMARK_FOR_BOTH_MATRICES(maximum_of_all_pixels);

}  // namespace voxelmark::opencv_operations
