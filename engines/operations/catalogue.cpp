#include "engines/operations/catalogue.hpp"

#include <stdexcept>

#include "engines/operations/add_scalar.hpp"
#include "engines/operations/erode_dilate.hpp"
#include "engines/operations/fixed_threshold.hpp"
#include "engines/operations/flip.hpp"
#include "engines/operations/gaussian_background.hpp"
#include "engines/operations/gaussian_blur.hpp"
#include "engines/operations/maximum_z_projection.hpp"
#include "engines/operations/mean.hpp"
#include "engines/operations/median.hpp"
#include "engines/operations/minimum_maximum.hpp"
#include "engines/operations/top_hat.hpp"

namespace voxelmark {

const std::vector<Operation>& catalogue() {
  static const std::vector<Operation> operations{
      add_scalar(2),
      add_scalar(3),
      fixed_threshold(2),
      fixed_threshold(3),
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
      maximum_z_projection(),
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
  };
  return operations;
}

const Operation& find_operation(const std::string& name) {
  for (const auto& operation : catalogue())
    if (operation.name == name) return operation;
  throw std::logic_error("there is no operation " + name);
}

}  // namespace voxelmark
