#pragma once
#include "engines/operations/gaussian_blur.hpp"

// Labels from a blurred image and Otsu's threshold: VoronoiOtsuLabeling, GaussOtsuLabeling and
// ErodedOtsuLabeling.

namespace voxelmark {

inline ParameterSpec sigma_parameter(const std::string& name, float value, int dims,
                                     const std::string& effect) {
  ParameterSpec sigma = sigma_parameter(name, value, dims);
  sigma.description = "standard deviation of the Gaussian in voxels, per axis: " + effect;
  return sigma;
}

inline ParameterSpec outline_sigma(float value, int dims) {
  return sigma_parameter("outline_sigma", value, dims, "how smooth the objects' outlines are");
}

inline Operation otsu_labeling(const std::string& family, int dims, const std::string& definition,
                               std::vector<ParameterSpec> parameters) {
  return {
      .name = operation_name(family, dims),
      .family = family,
      .dims = dims,
      .kind = Kind::global,
      .definition =
          "The mask is the foreground of AutoThreshold's otsu on the image under "
          "GaussianBlur by outline_sigma, in float32. " +
          definition,
      .tolerance_rule = tolerances::overlap_rule,
      .parameters = std::move(parameters),
      .output_dtype = [](const Parameters&, DType) { return DType::u32; },
      .tolerance = [](const Parameters&, DType, const Range&,
                      const Shape&) { return tolerances::overlap(); },
      .flops_per_voxel =
          [spots = family == "VoronoiOtsuLabeling"](const Parameters& values) {
            double flops = 0;
            const auto add = [&](const PerAxis& sigma) {
              for (const float s : {sigma.x, sigma.y, sigma.z})
                if (gaussian_radius(s) > 0) flops += 2.0 * (2 * gaussian_radius(s) + 1);
            };
            add(values.per_axis("outline_sigma"));
            if (spots) add(values.per_axis("spot_sigma"));
            return flops;
          },
  };
}

/// How labels grow back into the mask that their seeds lie in.
inline const char* const regrowth =
    "Each voxel of the mask takes the label of the nearest seed in its own component of the mask "
    "(box neighbours), of those equally near the lowest label; components without a seed become 0.";

inline Operation voronoi_otsu_labeling(int dims) {
  return otsu_labeling(
      "VoronoiOtsuLabeling", dims,
      "Seeds are the voxels of the mask that DetectMaxima (radius 1) marks in the image under "
      "GaussianBlur by spot_sigma, in float32; they are numbered from 1, x fastest, then y, then "
      "z. " +
          std::string(regrowth),
      {sigma_parameter("spot_sigma", 2, dims, "how close two objects may come"),
       outline_sigma(2, dims)});
}

inline Operation gauss_otsu_labeling(int dims) {
  return otsu_labeling("GaussOtsuLabeling", dims,
                       "The result is the mask's ConnectedComponents by box neighbours.",
                       {outline_sigma(1, dims)});
}

inline Operation eroded_otsu_labeling(int dims) {
  return otsu_labeling(
      "ErodedOtsuLabeling", dims,
      "The mask is eroded `erosions` times, by the voxel and its face neighbours (as Erode's "
      "sphere of radius 1); the ConnectedComponents of what is left, by box neighbours, are the "
      "seeds, each a set of voxels, with their labels. " +
          std::string(regrowth),
      {{.name = "erosions",
        .default_value = 5.0f,
        .minimum = 0,
        .maximum = 1000,
        .whole = true,
        .description = "how often the mask is eroded"},
       outline_sigma(1, dims)});
}

}  // namespace voxelmark
