#include "engines/operations/catalogue.hpp"

#include <stdexcept>

#include "engines/operations/add_scalar.hpp"
#include "engines/operations/affine_transform.hpp"
#include "engines/operations/connected_components.hpp"
#include "engines/operations/convert.hpp"
#include "engines/operations/crop.hpp"
#include "engines/operations/erode_dilate.hpp"
#include "engines/operations/fixed_threshold.hpp"
#include "engines/operations/flip.hpp"
#include "engines/operations/gaussian_blur.hpp"
#include "engines/operations/image_arithmetic.hpp"
#include "engines/operations/median.hpp"
#include "engines/operations/minimum_maximum.hpp"
#include "engines/operations/projection.hpp"
#include "engines/operations/radial_reslice.hpp"
#include "engines/operations/resample.hpp"
#include "engines/operations/reslice.hpp"
#include "engines/operations/rotate.hpp"
#include "engines/operations/transfers.hpp"

namespace voxelmark {

const std::vector<Operation>& catalogue() {
  static const std::vector<Operation> operations = [] {
    std::vector<Operation> all;
    const auto in_2d_and_3d = [&](Operation (*describe)(int dims)) {
      all.push_back(describe(2));
      all.push_back(describe(3));
    };
    in_2d_and_3d(add_images_weighted);
    in_2d_and_3d(add_scalar);
    in_2d_and_3d(multiply_scalar);
    in_2d_and_3d(squared_difference);
    in_2d_and_3d(binary_and);
    in_2d_and_3d(fixed_threshold);
    for (const Extreme extreme : {Extreme::minimum, Extreme::maximum})
      for (const int dims : {2, 3}) all.push_back(binary_morphology(extreme, dims));
    for (const Extreme extreme : {Extreme::minimum, Extreme::maximum})
      for (const int dims : {2, 3}) all.push_back(extreme_filter(extreme, dims));
    in_2d_and_3d(gaussian_blur);
    in_2d_and_3d(median);
    all.push_back(maximum_x_projection());
    all.push_back(maximum_y_projection());
    all.push_back(maximum_z_projection());
    all.push_back(minimum_z_projection());
    all.push_back(mean_z_projection());
    all.push_back(sum_z_projection());
    in_2d_and_3d(flip);
    in_2d_and_3d(rotate);
    all.push_back(reslice());
    in_2d_and_3d(crop_operation);
    in_2d_and_3d(convert_operation);
    in_2d_and_3d(affine_transform);
    in_2d_and_3d(translate);
    in_2d_and_3d(scale);
    in_2d_and_3d(rotate_angle);
    in_2d_and_3d(resample);
    all.push_back(radial_reslice());
    in_2d_and_3d(connected_components);
    in_2d_and_3d(push);
    in_2d_and_3d(pull);
    in_2d_and_3d(copy);
    return all;
  }();
  return operations;
}

const Operation& find_operation(const std::string& name) {
  for (const auto& operation : catalogue())
    if (operation.name == name) return operation;
  throw std::logic_error("there is no operation " + name);
}

}  // namespace voxelmark
