#include "engines/operations/catalogue.hpp"

#include <stdexcept>

#include "engines/operations/add_scalar.hpp"
#include "engines/operations/all_pixels.hpp"
#include "engines/operations/auto_threshold.hpp"
#include "engines/operations/fixed_threshold.hpp"
#include "engines/operations/flip.hpp"
#include "engines/operations/gaussian_blur.hpp"
#include "engines/operations/histogram.hpp"
#include "engines/operations/maximum_z_projection.hpp"
#include "engines/operations/median.hpp"

namespace voxelmark {

const std::vector<Operation>& catalogue() {
  static const std::vector<Operation> operations{
      add_scalar(2),
      add_scalar(3),
      fixed_threshold(2),
      fixed_threshold(3),
      auto_threshold(2),
      auto_threshold(3),
      flip(2),
      flip(3),
      gaussian_blur(2),
      gaussian_blur(3),
      median(2),
      median(3),
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
  };
  return operations;
}

const Operation& find_operation(const std::string& name) {
  for (const auto& operation : catalogue())
    if (operation.name == name) return operation;
  throw std::logic_error("there is no operation " + name);
}

}  // namespace voxelmark
