#include "engines/operations/catalogue.hpp"

#include <stdexcept>

#include "engines/operations/add_scalar.hpp"
#include "engines/operations/affine_transform.hpp"
#include "engines/operations/all_pixels.hpp"
#include "engines/operations/auto_threshold.hpp"
#include "engines/operations/connected_components.hpp"
#include "engines/operations/convert.hpp"
#include "engines/operations/crop.hpp"
#include "engines/operations/detect_maxima.hpp"
#include "engines/operations/erode_dilate.hpp"
#include "engines/operations/find_maxima.hpp"
#include "engines/operations/fixed_threshold.hpp"
#include "engines/operations/flip.hpp"
#include "engines/operations/gaussian_background.hpp"
#include "engines/operations/gaussian_blur.hpp"
#include "engines/operations/histogram.hpp"
#include "engines/operations/image_arithmetic.hpp"
#include "engines/operations/label_statistics.hpp"
#include "engines/operations/mean.hpp"
#include "engines/operations/median.hpp"
#include "engines/operations/minimum_maximum.hpp"
#include "engines/operations/neighbor_mesh.hpp"
#include "engines/operations/otsu_labeling.hpp"
#include "engines/operations/projection.hpp"
#include "engines/operations/radial_reslice.hpp"
#include "engines/operations/resample.hpp"
#include "engines/operations/reslice.hpp"
#include "engines/operations/rotate.hpp"
#include "engines/operations/top_hat.hpp"
#include "engines/operations/transfers.hpp"
#include "engines/operations/voronoi.hpp"

namespace voxelmark {

const std::vector<Operation>& catalogue() {
  static const std::vector<Operation> operations = [] {
    std::vector<Operation> all;
    const auto in_2d_and_3d = [&](const auto& describe) {
      all.push_back(describe(2));
      all.push_back(describe(3));
    };
    in_2d_and_3d(add_images_weighted);
    in_2d_and_3d(add_scalar);
    in_2d_and_3d(multiply_scalar);
    in_2d_and_3d(absolute_difference);
    in_2d_and_3d(squared_difference);
    in_2d_and_3d(binary_and);
    in_2d_and_3d(fixed_threshold);
    in_2d_and_3d(auto_threshold);
    in_2d_and_3d([](int dims) { return binary_morphology(Extreme::minimum, dims); });
    in_2d_and_3d([](int dims) { return binary_morphology(Extreme::maximum, dims); });
    in_2d_and_3d(flip);
    in_2d_and_3d(gaussian_blur);
    in_2d_and_3d(mean);
    in_2d_and_3d(median);
    in_2d_and_3d([](int dims) { return extreme_filter(Extreme::minimum, dims); });
    in_2d_and_3d([](int dims) { return extreme_filter(Extreme::maximum, dims); });
    in_2d_and_3d(rotate);
    all.push_back(maximum_z_projection());
    all.push_back(maximum_x_projection());
    all.push_back(maximum_y_projection());
    all.push_back(minimum_z_projection());
    all.push_back(mean_z_projection());
    all.push_back(sum_z_projection());
    all.push_back(radial_reslice());
    in_2d_and_3d(push);
    in_2d_and_3d(pull);
    in_2d_and_3d(copy);
    all.push_back(reslice());
    in_2d_and_3d([](int dims) { return hat(Extreme::minimum, dims); });
    in_2d_and_3d([](int dims) { return hat(Extreme::maximum, dims); });
    in_2d_and_3d(difference_of_gaussian);
    in_2d_and_3d(subtract_gaussian_background);
    in_2d_and_3d(divide_by_gaussian_background);
    in_2d_and_3d(affine_transform);
    in_2d_and_3d(translate);
    in_2d_and_3d(scale);
    in_2d_and_3d(rotate_angle);
    in_2d_and_3d(resample);
    in_2d_and_3d(crop_operation);
    in_2d_and_3d(convert_operation);
    in_2d_and_3d(sum_of_all_pixels);
    in_2d_and_3d(minimum_of_all_pixels);
    in_2d_and_3d(maximum_of_all_pixels);
    in_2d_and_3d(mean_of_all_pixels);
    in_2d_and_3d(standard_deviation_of_all_pixels);
    in_2d_and_3d(histogram);
    in_2d_and_3d(detect_maxima);
    all.push_back(find_maxima());
    in_2d_and_3d(connected_components);
    in_2d_and_3d(voronoi);
    in_2d_and_3d(voronoi_otsu_labeling);
    in_2d_and_3d(gauss_otsu_labeling);
    in_2d_and_3d(eroded_otsu_labeling);
    in_2d_and_3d(exclude_labels_on_edges);
    in_2d_and_3d(exclude_labels_outside_size_range);
    in_2d_and_3d(exclude_labels_outside_mean_range);
    in_2d_and_3d(count_labels);
    in_2d_and_3d(centroids);
    in_2d_and_3d(label_statistics);
    in_2d_and_3d(neighbor_mesh);
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
