#include "engines/operations/gaussian_blur.hpp"

#include "engines/opencl/opencl_operations.hpp"

namespace voxelmark::opencl {

void blur(PlanBuilder& plan, const Memory& from, DType from_type, const Memory& to, DType to_type,
          const Shape& shape, const PerAxis& sigma) {
  constexpr int run = 4;  // as in the kernel
  const auto weights = gaussian_weights(sigma);
  std::vector<int> axes;
  for (int axis = 0; axis < 3; ++axis)
    if (weights[axis].size() > 1) axes.push_back(axis);
  if (axes.empty()) axes.push_back(0);  // nothing to blur is a pass with the single weight 1

  std::vector<Scratch> between;
  for (std::size_t i = 0; i + 1 < axes.size(); ++i)
    between.push_back(plan.scratch(static_cast<std::size_t>(shape.voxels()) * sizeof(cl_float)));

  for (std::size_t i = 0; i < axes.size(); ++i) {
    const int axis = axes[i];
    std::vector<cl_float> padded(run - 1, 0.0f);
    padded.insert(padded.end(), weights[axis].begin(), weights[axis].end());
    padded.resize(padded.size() + run - 1, 0.0f);
    Shape items = shape;
    auto& along = axis == 0 ? items.x : axis == 1 ? items.y : items.z;
    along = (along + run - 1) / run;
    const bool first = i == 0, last = i + 1 == axes.size();
    const PlanBuilder::Types types{first ? from_type : DType::f32, last ? to_type : DType::f32,
                                   "-D AXIS=" + std::to_string(axis)};
    plan.launch("gaussian_blur:blur_axis", types, plan.volume(items),
                first ? from : Memory(between[i - 1]), last ? to : Memory(between[i]),
                cl_long{shape.x}, cl_long{shape.y}, cl_long{shape.z}, plan.constant(padded),
                static_cast<cl_int>(weights[axis].size() / 2));
  }
}

Prepared gaussian_blur(PlanBuilder& plan) {
  blur(plan, plan.input(), plan.dtype(), plan.output(), plan.output_dtype(), plan.shape(),
       plan.parameters().per_axis("sigma"));
  return plan.finish();
}

}  // namespace voxelmark::opencl
