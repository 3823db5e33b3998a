#pragma once
#include "engines/core/distance_transform.hpp"
#include "engines/opencl/opencl_runtime.hpp"
#include "engines/operations/strided_view.hpp"
#include "engines/operations/window.hpp"

namespace voxelmark::opencl {

using Scratch = std::shared_ptr<const OpenClArena::Slot>;

/// What a launch reads or writes: an input, the output, scratch, or data of the plan's own.
using Memory = std::variant<std::shared_ptr<Buffer>, Scratch, cl::Buffer>;

/// "gaussian_blur" for "GaussianBlur": the family's file in kernels/.
std::string kernel_file(const std::string& family);

/// Puts a plan together, launch by launch, from one family's kernels.
class PlanBuilder {
 public:
  PlanBuilder(OpenClEngine& engine, const Request& request);

  const Operation& operation() const { return request_.operation; }
  int dims() const { return request_.operation.dims; }
  const Parameters& parameters() const { return request_.parameters; }
  /// Of the inputs.
  const Shape& shape() const { return request_.inputs[0]->shape(); }
  const Shape& output_shape() const { return request_.output->shape(); }
  DType dtype(std::size_t i = 0) const { return request_.inputs[i]->dtype(); }
  DType output_dtype() const { return request_.output->dtype(); }
  std::int64_t largest_label() const { return request_.largest_label; }
  Memory input(std::size_t i = 0) const { return request_.inputs[i]; }
  Memory output() const { return request_.output; }
  const Device& device() const { return engine_.device(); }
  /// Throws NotMeasurable where the device has no double precision.
  void require_doubles() const;
  OpenClEngine& engine() { return engine_; }
  std::shared_ptr<OpenClBuffer> input_buffer(std::size_t i = 0) const {
    return std::static_pointer_cast<OpenClBuffer>(request_.inputs[i]);
  }
  std::shared_ptr<OpenClBuffer> output_buffer() const {
    return std::static_pointer_cast<OpenClBuffer>(request_.output);
  }

  /// Scratch of `bytes`: the n-th call takes the arena's slot n.
  Scratch scratch(std::size_t bytes);

  /// Read-only data that belong to the plan, such as weights.
  template <class T>
  cl::Buffer constant(const std::vector<T>& values) {
    return constant(values.data(), values.size() * sizeof(T));
  }

  /// The work-items of a launch: one for each element, in groups of a usual size.
  struct Range {
    cl::NDRange global, local;
  };
  Range line(std::int64_t items) const { return range({items, 1, 1}, {256, 1, 1}); }
  Range volume(const Shape& items) const { return range(items, {64, 4, 1}); }
  /// `groups` groups of `size` work-items, for kernels that share local memory; a device that takes
  /// fewer makes them smaller, so ask get_local_size.
  Range groups(std::int64_t groups, std::size_t size) const;

  /// What a kernel's program depends on besides the family.
  struct Types {
    DType in, out;
    std::string options{};
  };

  /// Adds a launch of "kernel" from the family's file, or of "file:kernel". Arguments: Memory or
  /// what it may hold, cl_long, cl_int, cl_uint, cl_float or cl::LocalSpaceArg.
  template <class... Arguments>
  void launch(const char* kernel, const Types& types, const Range& items,
              const Arguments&... arguments) {
    Launch& added = add(kernel, types, items);
    cl_uint index = 0;
    (set(added, index++, arguments), ...);
  }

  /// Adds work of another sort than a kernel, such as a transfer.
  using Step = std::function<void(OpenClStream&)>;
  void step(Step step) { launches_.push_back({{}, {}, {}, std::move(step)}); }

  /// The plan, launched once by now: runtimes compile for a group size at its first use.
  Prepared finish();

 private:
  struct Launch {
    cl::Kernel kernel;
    Range range;
    std::vector<std::pair<cl_uint, Scratch>> scratch;
    Step step{};  ///< in place of the kernel
  };
  class LaunchPlan;

  Range range(const Shape& items, std::array<std::size_t, 3> local) const;
  cl::Buffer constant(const void* data, std::size_t bytes);
  Launch& add(const char* kernel, const Types& types, const Range& items);

  static void set(Launch& launch, cl_uint index, const std::shared_ptr<Buffer>& buffer) {
    launch.kernel.setArg(index, static_cast<const OpenClBuffer&>(*buffer).memory());
  }
  static void set(Launch& launch, cl_uint index, const Scratch& slot) {
    launch.scratch.emplace_back(index, slot);
  }
  static void set(Launch& launch, cl_uint index, const Memory& memory) {
    std::visit([&](const auto& held) { set(launch, index, held); }, memory);
  }
  template <class Value>
  static void set(Launch& launch, cl_uint index, const Value& value) {
    launch.kernel.setArg(index, value);
  }

  OpenClEngine& engine_;
  const Request& request_;
  std::size_t slots_ = 0;
  std::vector<cl::Buffer> constants_;
  std::vector<Launch> launches_;
};

/// One function per family.
using Make = Prepared (*)(PlanBuilder& plan);

Prepared absolute_difference(PlanBuilder&);
Prepared add_images_weighted(PlanBuilder&);
Prepared add_scalar(PlanBuilder&);
Prepared affine_transform(PlanBuilder&);
Prepared auto_threshold(PlanBuilder&);
Prepared binary_and(PlanBuilder&);
Prepared bottom_hat(PlanBuilder&);
Prepared centroids(PlanBuilder&);
Prepared connected_components(PlanBuilder&);
Prepared convert(PlanBuilder&);
Prepared copy(PlanBuilder&);
Prepared count_labels(PlanBuilder&);
Prepared crop(PlanBuilder&);
Prepared detect_maxima(PlanBuilder&);
Prepared difference_of_gaussian(PlanBuilder&);
Prepared dilate(PlanBuilder&);
Prepared divide_by_gaussian_background(PlanBuilder&);
Prepared erode(PlanBuilder&);
Prepared eroded_otsu_labeling(PlanBuilder&);
Prepared exclude_labels_on_edges(PlanBuilder&);
Prepared exclude_labels_outside_mean_range(PlanBuilder&);
Prepared exclude_labels_outside_size_range(PlanBuilder&);
Prepared find_maxima(PlanBuilder&);
Prepared fixed_threshold(PlanBuilder&);
Prepared flip(PlanBuilder&);
Prepared gauss_otsu_labeling(PlanBuilder&);
Prepared gaussian_blur(PlanBuilder&);
Prepared histogram(PlanBuilder&);
Prepared label_statistics(PlanBuilder&);
Prepared maximum(PlanBuilder&);
Prepared maximum_of_all_pixels(PlanBuilder&);
Prepared maximum_x_projection(PlanBuilder&);
Prepared maximum_y_projection(PlanBuilder&);
Prepared maximum_z_projection(PlanBuilder&);
Prepared mean(PlanBuilder&);
Prepared mean_of_all_pixels(PlanBuilder&);
Prepared mean_z_projection(PlanBuilder&);
Prepared median(PlanBuilder&);
Prepared minimum(PlanBuilder&);
Prepared minimum_of_all_pixels(PlanBuilder&);
Prepared minimum_z_projection(PlanBuilder&);
Prepared multiply_scalar(PlanBuilder&);
Prepared neighbor_mesh(PlanBuilder&);
Prepared pull(PlanBuilder&);
Prepared push(PlanBuilder&);
Prepared radial_reslice(PlanBuilder&);
Prepared resample(PlanBuilder&);
Prepared reslice(PlanBuilder&);
Prepared rotate(PlanBuilder&);
Prepared rotate_angle(PlanBuilder&);
Prepared scale(PlanBuilder&);
Prepared squared_difference(PlanBuilder&);
Prepared standard_deviation_of_all_pixels(PlanBuilder&);
Prepared subtract_gaussian_background(PlanBuilder&);
Prepared sum_of_all_pixels(PlanBuilder&);
Prepared sum_z_projection(PlanBuilder&);
Prepared top_hat(PlanBuilder&);
Prepared translate(PlanBuilder&);
Prepared voronoi(PlanBuilder&);
Prepared voronoi_otsu_labeling(PlanBuilder&);

/// Steps that compositions share. `from` and `to` are images of `shape`, and not the same.

/// A Gaussian blur; see GaussianBlur.
void blur(PlanBuilder&, const Memory& from, DType from_type, const Memory& to, DType to_type,
          const Shape& shape, const PerAxis& sigma);

/// Copies voxels into another order. `to` is an image of view.shape.
void copy_view(PlanBuilder&, const Memory& from, const Memory& to, DType dtype,
               const StridedView& view);

/// The least and the greatest value as two doubles; see MinimumOfAllPixels.
void extrema(PlanBuilder&, const Memory& from, DType from_type, const Shape& shape,
             const Memory& to);

/// How a histogram's bins are defined.
enum class Bins {
  grey_levels,   ///< one a level
  float_steps,   ///< by Histogram's float32 steps
  double_edges,  ///< by edges in double precision, as for otsu of f32
};

/// A histogram on the device.
struct Histogram {
  Scratch counts;   ///< a 64-bit count a bin
  Scratch range;    ///< least and greatest value, two doubles; of grey levels nothing
  Scratch binning;  ///< the lowest value and the scale of Histogram's float32 steps; else nothing
};
Histogram count_bins(PlanBuilder&, const Memory& from, DType from_type, const Shape& shape,
                     int bins, Bins kind);

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

/// The nearest label of each voxel; see Voronoi.
void nearest_label(PlanBuilder&, const Memory& seeds, const Memory& labels, const Shape& shape,
                   const AxisWeights&);

/// values[i] = the sum of values[0…i], in place, of `count` u32 numbers; modulo 2^32.
void inclusive_scan(PlanBuilder&, const Memory& values, std::int64_t count);

/// The rows of Centroids for `labels`, an image of the inputs' shape: 4 doubles a label, for at
/// least one label.
Scratch label_centroids(PlanBuilder&, const Memory& labels);

}  // namespace voxelmark::opencl
