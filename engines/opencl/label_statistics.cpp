#include <algorithm>
#include <array>

#include "engines/opencl/opencl_operations.hpp"

namespace voxelmark::opencl {

namespace {

/// As in the kernels.
struct Label {
  cl_int low[3], high[3];
  cl_uint state, count, count_overflow;
};
struct Sums {
  cl_ulong count, first[3], products[6];
  cl_double sum, least, greatest;
};
constexpr std::int64_t piece = 16;

std::int64_t at_least_one(const PlanBuilder& plan) {
  return std::max<std::int64_t>(1, plan.largest_label());
}

/// Scratch of one T a label.
template <class T>
Scratch per_label(PlanBuilder& plan) {
  return plan.scratch(static_cast<std::size_t>(at_least_one(plan)) * sizeof(T));
}

/// What all voxels tell of their labels; `what`: "-D BOXES", "-D SIZES" or nothing.
Scratch gather(PlanBuilder& plan, const Memory& labels, const std::string& what, int dims) {
  const Scratch all = per_label<Label>(plan);
  const cl_long largest = plan.largest_label();
  const PlanBuilder::Types types{DType::u32, DType::u32, what};
  const Shape& shape = plan.shape();
  plan.launch("label_statistics:clear_labels", types, plan.line(at_least_one(plan)), all, largest);
  plan.launch("label_statistics:gather", types,
              plan.volume({pieces(shape.x, piece), shape.y, shape.z}), labels, cl_long{shape.x},
              cl_long{shape.y}, cl_long{shape.z}, largest, cl_int{dims == 3}, all);
  return all;
}

/// Boxes and sums of labels.
struct Measured {
  Scratch boxes, sums;
};

/// `what`: "-D GREY_LEVELS", "-D PRODUCTS", both or nothing.
Measured measure(PlanBuilder& plan, const Memory& labels, const Memory& image, DType image_type,
                 const std::string& what) {
  plan.require_doubles();
  const Measured measured{gather(plan, labels, "-D BOXES", plan.operation().dims),
                          per_label<Sums>(plan)};
  const auto groups = plan.groups(at_least_one(plan), 128);
  plan.launch("label_statistics:measure", {image_type, DType::f64, what}, groups, labels, image,
              cl_long{plan.shape().x}, cl_long{plan.shape().y}, measured.boxes,
              cl_long{plan.largest_label()}, measured.sums,
              cl::Local(groups.local.get()[0] * sizeof(cl_ulong)));
  return measured;
}

void write_rows(PlanBuilder& plan, const char* kernel, const Measured& measured,
                const Memory& table) {
  plan.launch(kernel, {DType::u32, DType::f64}, plan.line(at_least_one(plan)), measured.boxes,
              measured.sums, cl_long{plan.largest_label()}, cl_int{plan.operation().dims}, table);
}

/// Numbers anew the labels whose entry in `stays` is 1.
Prepared renumber(PlanBuilder& plan, const Memory& labels, const Scratch& stays) {
  inclusive_scan(plan, stays, at_least_one(plan));
  const cl_long voxels = plan.shape().voxels();
  plan.launch("label_statistics:renumber", {DType::u32, DType::u32}, plan.line(voxels), labels,
              voxels, stays, cl_long{plan.largest_label()}, plan.output());
  return plan.finish();
}

/// Which labels stay, by a kernel that looks at what is known of each.
template <class... Limits>
Scratch keep(PlanBuilder& plan, const char* kernel, const Scratch& known, const Limits&... limits) {
  const Scratch stays = per_label<cl_uint>(plan);
  plan.launch(kernel, {DType::u32, DType::u32}, plan.line(at_least_one(plan)), known,
              cl_long{plan.largest_label()}, limits..., stays);
  return stays;
}

cl_double limit(const PlanBuilder& plan, const char* name) {
  return static_cast<cl_double>(plan.parameters().number(name));
}

}  // namespace

Prepared count_labels(PlanBuilder& plan) {
  plan.require_doubles();
  const Scratch known = gather(plan, plan.input(), "", plan.operation().dims);
  const Scratch seen = keep(plan, "label_statistics:keep_seen", known);
  inclusive_scan(plan, seen, at_least_one(plan));
  plan.launch("label_statistics:write_count", {DType::u32, DType::f64}, plan.groups(1, 1), seen,
              cl_long{plan.largest_label()}, plan.output());
  return plan.finish();
}

Scratch label_centroids(PlanBuilder& plan, const Memory& labels) {
  const Scratch table = per_label<std::array<cl_double, 4>>(plan);
  write_rows(plan, "label_statistics:centroid_rows", measure(plan, labels, labels, DType::u32, ""),
             table);
  return table;
}

Prepared centroids(PlanBuilder& plan) {
  write_rows(plan, "label_statistics:centroid_rows",
             measure(plan, plan.input(), plan.input(), DType::u32, ""), plan.output());
  return plan.finish();
}

Prepared label_statistics(PlanBuilder& plan) {
  write_rows(
      plan, "label_statistics:statistics_rows",
      measure(plan, plan.input(1), plan.input(0), plan.dtype(), "-D GREY_LEVELS -D PRODUCTS"),
      plan.output());
  return plan.finish();
}

Prepared exclude_labels_on_edges(PlanBuilder& plan) {
  plan.require_doubles();
  const Scratch known = gather(plan, plan.input(), "", plan.operation().dims);
  return renumber(plan, plan.input(), keep(plan, "label_statistics:keep_inner", known));
}

Prepared exclude_labels_outside_size_range(PlanBuilder& plan) {
  plan.require_doubles();
  const Scratch known = gather(plan, plan.input(), "-D SIZES", plan.operation().dims);
  return renumber(plan, plan.input(),
                  keep(plan, "label_statistics:keep_sizes", known, limit(plan, "minimum_size"),
                       limit(plan, "maximum_size")));
}

Prepared exclude_labels_outside_mean_range(PlanBuilder& plan) {
  const Scratch sums =
      measure(plan, plan.input(1), plan.input(0), plan.dtype(), "-D GREY_LEVELS").sums;
  return renumber(plan, plan.input(1),
                  keep(plan, "label_statistics:keep_means", sums, limit(plan, "minimum"),
                       limit(plan, "maximum")));
}

}  // namespace voxelmark::opencl
