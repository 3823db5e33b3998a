#include "engines/operations/catalogue.hpp"

#include <stdexcept>

#include "engines/operations/add_scalar.hpp"
#include "engines/operations/connected_components.hpp"
#include "engines/operations/detect_maxima.hpp"
#include "engines/operations/convert.hpp"
#include "engines/operations/crop.hpp"
#include "engines/operations/all_pixels.hpp"
#include "engines/operations/auto_threshold.hpp"
#include "engines/operations/erode_dilate.hpp"
#include "engines/operations/connected_components.hpp"
#include "engines/operations/erode_dilate.hpp"
#include "engines/operations/fixed_threshold.hpp"
#include "engines/operations/flip.hpp"
#include "engines/operations/gaussian_background.hpp"
#include "engines/operations/gaussian_blur.hpp"
#include "engines/operations/image_arithmetic.hpp"
#include "engines/operations/histogram.hpp"
#include "engines/operations/maximum_z_projection.hpp"
#include "engines/operations/mean.hpp"
#include "engines/operations/median.hpp"
#include "engines/operations/minimum_maximum.hpp"
#include "engines/operations/transfers.hpp"
#include "engines/operations/voronoi.hpp"
#include "engines/operations/projection.hpp"
#include "engines/operations/reslice.hpp"
#include "engines/operations/rotate.hpp"
#include "engines/operations/voronoi.hpp"
#include "engines/operations/transfers.hpp"
#include "engines/operations/minimum_maximum.hpp"
#include "engines/operations/transfers.hpp"
#include "engines/operations/top_hat.hpp"

namespace voxelmark {

const std::vector<Operation>& catalogue() {
  static const std::vector<Operation> operations = [] {
    std::vector<Operation> all;
    const auto in_2d_and_3d = [&](const auto& describe) {
      all.push_back(describe(2));
      all.push_back(describe(3));
    };
    in_2d_and_3d(add_scalar);
    in_2d_and_3d(fixed_threshold);
    in_2d_and_3d([](int dims) { return binary_morphology(Extreme::minimum, dims); });
    in_2d_and_3d([](int dims) { return binary_morphology(Extreme::maximum, dims); });
    in_2d_and_3d(flip);
    in_2d_and_3d(gaussian_blur);
    in_2d_and_3d(median);
    in_2d_and_3d([](int dims) { return extreme_filter(Extreme::minimum, dims); });
    in_2d_and_3d([](int dims) { return extreme_filter(Extreme::maximum, dims); });
    all.push_back(maximum_z_projection());
    in_2d_and_3d(push);
    in_2d_and_3d(pull);
    in_2d_and_3d(copy);
    in_2d_and_3d(connected_components);
    in_2d_and_3d(voronoi);
    in_2d_and_3d(detect_maxima);
    return all;
  }();
    return all;
  }();
  static const std::vector<Operation> operations{
      add_images_weighted(2),
      add_images_weighted(3),
      add_scalar(2),
      add_scalar(3),
      multiply_scalar(2),
      multiply_scalar(3),
      squared_difference(2),
      squared_difference(3),
      binary_and(2),
      binary_and(3),
      fixed_threshold(2),
      fixed_threshold(3),
      flip(2),
      flip(3),
      rotate(2),
      rotate(3),
      reslice(),
      crop_operation(2),
      crop_operation(3),
      convert_operation(2),
      convert_operation(3),
      add_scalar(2),
      add_scalar(3),
      fixed_threshold(2),
      fixed_threshold(3),
      auto_threshold(2),
      auto_threshold(3),
      binary_morphology(Extreme::minimum, 2),
      binary_morphology(Extreme::minimum, 3),
      binary_morphology(Extreme::maximum, 2),
      binary_morphology(Extreme::maximum, 3),
      extreme_filter(Extreme::minimum, 2),
      extreme_filter(Extreme::minimum, 3),
      extreme_filter(Extreme::maximum, 2),
      extreme_filter(Extreme::maximum, 3),
      flip(2),
      flip(3),
      gaussian_blur(2),
      gaussian_blur(3),
      median(2),
      median(3),
      maximum_x_projection(),
      maximum_y_projection(),
      maximum_z_projection(),
      minimum_z_projection(),
      mean_z_projection(),
      sum_z_projection(),
      maximum_z_projection(),
      sum_of_all_pixels(2),
      sum_of_all_pixels(3),
      minimum_of_all_pixels(2),
      minimum_of_all_pixels(3),
      maximum_of_all_pixels(2),
      maximum_of_all_pixels(3),
      mean_of_all_pixels(2),
      mean_of_all_pixels(3),
      standard_deviation_of_all_pixels(2),
      standard_deviation_of_all_pixels(3),
      histogram(2),
      histogram(3),
      connected_components(2),
      connected_components(3),
      mean(2),
      mean(3),
      hat(Extreme::minimum, 2),
      hat(Extreme::minimum, 3),
      hat(Extreme::maximum, 2),
      hat(Extreme::maximum, 3),
      difference_of_gaussian(2),
      difference_of_gaussian(3),
      subtract_gaussian_background(2),
      subtract_gaussian_background(3),
      divide_by_gaussian_background(2),
      divide_by_gaussian_background(3),
      voronoi(2),
      voronoi(3),
  };
  return operations;
}

const Operation& find_operation(const std::string& name) {
  for (const auto& operation : catalogue())
    if (operation.name == name) return operation;
  throw std::logic_error("there is no operation " + name);
}

}  // namespace voxelmark
