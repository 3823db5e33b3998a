#include "engines/operations/gaussian_blur.hpp"

#include "engines/opencl/plan_builder.hpp"

namespace voxelmark::opencl {

Prepared gaussian_blur(OpenClEngine& engine, const Request& request) {
  constexpr int run = 4;  // as in the kernel
  PlanBuilder plan(engine, request);
  const Shape& shape = request.output->shape();
  const DType dtype = request.output->dtype();
  const auto weights = gaussian_weights(request.parameters.per_axis("sigma"));
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
    const PlanBuilder::Types types{first ? dtype : DType::f32, last ? dtype : DType::f32,
                                   "-D AXIS=" + std::to_string(axis)};
    const auto launch = [&](const auto& from, const auto& to) {
      plan.launch("blur_axis", types, plan.volume(items), from, to, cl_long{shape.x},
                  cl_long{shape.y}, cl_long{shape.z}, plan.constant(padded),
                  static_cast<cl_int>(weights[axis].size() / 2));
    };
    if (first && last)
      launch(request.inputs[0], request.output);
    else if (first)
      launch(request.inputs[0], between[0]);
    else if (last)
      launch(between.back(), request.output);
    else
      launch(between[0], between[1]);
  }
  return plan.finish();
}

}  // namespace voxelmark::opencl
