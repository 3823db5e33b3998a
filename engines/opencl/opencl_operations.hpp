#pragma once
#include "engines/core/distance_transform.hpp"
#include "engines/opencl/plan_builder.hpp"
#include "engines/operations/strided_view.hpp"
#include "engines/operations/window.hpp"

namespace voxelmark::opencl {

/// One function per family: adds the launches, and gives the finished plan.
using Make = Prepared (*)(PlanBuilder& plan);

#define VOXELMARK_FAMILY(family, function) Prepared function(PlanBuilder&);
#include "engines/opencl/families.def"

/// The types of the first input and of the output.
inline PlanBuilder::Types types_of(const PlanBuilder& plan) {
  return {plan.dtype(), plan.output_dtype()};
}

/// The finished plan of which a POINTWISE kernel (kernels/common.cl) is the last launch: of one or
/// two inputs, with the kernel's own parameters.
template <class... Arguments>
Prepared pointwise(PlanBuilder& plan, const char* kernel, const PlanBuilder::Types& types,
                   const std::vector<Memory>& inputs, const Arguments&... arguments) {
  const cl_long count = plan.shape().voxels();
  const auto items = plan.line((count + 3) / 4);
  if (inputs.size() == 1)
    plan.launch(kernel, types, items, inputs[0], plan.output(), count, arguments...);
  else
    plan.launch(kernel, types, items, inputs.at(0), inputs.at(1), plan.output(), count,
                arguments...);
  return plan.finish();
}

/// Steps that compositions share. `from` and `to` are images of `shape`, and not the same.

/// A Gaussian blur; see GaussianBlur.
void blur(PlanBuilder&, const Memory& from, DType from_type, const Memory& to, DType to_type,
          const Shape& shape, const PerAxis& sigma);

/// The input's blur by the parameter of this name, as a float32 image.
Scratch blurred_input(PlanBuilder&, const char* sigma);

/// Copies voxels into another order. `to` is an image of view.shape.
void copy_view(PlanBuilder&, const Memory& from, const Memory& to, DType dtype,
               const StridedView& view);

/// At which of a result's doubles an image's extrema are written; nowhere where negative.
struct ExtremaPlaces {
  cl_int least = 0, greatest = 1;
};
/// The least and the greatest value as doubles; see MinimumOfAllPixels. Also sets `cells` 32-bit
/// numbers of `cleared` to 0, which saves a launch.
void extrema(PlanBuilder&, const Memory& from, DType from_type, const Shape& shape,
             const Memory& to, ExtremaPlaces, const Memory& cleared, cl_long cells);

/// How a histogram's bins are defined.
enum class Bins {
  grey_levels,   ///< one a level
  float_steps,   ///< by Histogram's float32 steps
  double_edges,  ///< by edges in double precision, as for otsu of f32
};

/// A histogram on the device.
struct Histogram {
  Scratch tables;      ///< tables of 32-bit counts, whose sums are the bins' counts
  cl_int table_count;  ///< how many
  Scratch range;       ///< least and greatest value, two doubles; of grey levels nothing
  Scratch binning;  ///< the lowest value and the scale of Histogram's float32 steps; else nothing
};
Histogram count_bins(PlanBuilder&, const Memory& from, DType from_type, const Shape& shape,
                     int bins, Bins kind);
/// A 64-bit count a bin.
Scratch summed_counts(PlanBuilder&, const Histogram&, int bins);

/// The mask `to`, u8, of what lies above a level found in the histogram; see AutoThreshold.
void auto_threshold(PlanBuilder&, const Memory& from, DType from_type, const Memory& to,
                    const Shape& shape, const std::string& method);

/// The window's smallest or largest value, both images of `type`; see Minimum and Maximum.
void extreme(PlanBuilder&, Extreme which, const Memory& from, const Memory& to, DType type,
             const Shape& shape, const Window& window);

/// The same of "not 0", as a u8 mask: the minimum erodes, the maximum dilates; see Erode and
/// Dilate.
void binary_extreme(PlanBuilder&, Extreme which, const Memory& from, DType from_type,
                    const Memory& to, const Shape& shape, const Window& window);

/// The components of the mask's foreground in `labels` (u32); see ConnectedComponents.
void components(PlanBuilder&, const Memory& mask, DType mask_type, const Memory& labels,
                const Shape& shape, bool box);

/// The mask `to`, u8, of the local maxima; see DetectMaxima.
void mark_maxima(PlanBuilder&, const Memory& from, DType from_type, const Memory& to,
                 const Shape& shape, const Window& box, float floor);

/// The nearest label of each voxel; see Voronoi. Outside `mask`, where there is one, any label.
void nearest_label(PlanBuilder&, const Memory& seeds, const Memory& labels, const Shape& shape,
                   const AxisWeights&, const std::optional<Memory>& mask);

/// values[i] = the sum of values[0…i], in place, of `count` u32 numbers; modulo 2^32.
void inclusive_scan(PlanBuilder&, const Memory& values, std::int64_t count);

/// The rows of Centroids for `labels`, an image of the inputs' shape: 4 doubles a label, for at
/// least one label.
Scratch label_centroids(PlanBuilder&, const Memory& labels);

}  // namespace voxelmark::opencl
