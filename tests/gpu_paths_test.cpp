// What the OpenCL engine does on GPUs only, since compilers for CPUs take seconds over it: tiles
// with larger known radii, unrolled spheres, larger sorting networks. Here on a CPU that claims to
// be one.
#include <gtest/gtest.h>

#include "datasets/generators.hpp"
#include "engines/opencl/opencl_engine.hpp"
#include "engines/opencl/opencl_runtime.hpp"
#include "engines/operations/catalogue.hpp"
#include "engines/reference/reference.hpp"
#include "tests/run_operation.hpp"
#include "validate/image_agreement.hpp"

namespace voxelmark {
namespace {

struct GpuCase {
  std::string operation;
  Given parameters;
  DType dtype;
  double allowed;  ///< largest difference, in grey levels
};

class GpuPaths : public testing::TestWithParam<GpuCase> {};

TEST_P(GpuPaths, AgreeWithTheReference) {
  const auto entries = std::get<std::vector<EngineEntry>>(opencl_engine().entries());
  const auto opened = std::get<std::unique_ptr<Engine>>(entries.at(0).open(0));
  Device device = opened->device();
  device.type = "GPU";
  opencl::OpenClEngine engine(
      device,
      static_cast<opencl::OpenClEngine&>(*opened).context().getInfo<CL_CONTEXT_DEVICES>().at(0));
  const auto& [name, given, dtype, allowed] = GetParam();
  const Operation& operation = find_operation(name);
  const Parameters parameters = with_parameters(operation, given);
  // Beyond one tile in x and y, and no multiple of anything.
  const Image image =
      generate("noise", operation.dims == 2 ? Shape{150, 71} : Shape{71, 37, 11}, dtype, 3);
  Image expected(image.shape(), operation.result_dtype(parameters, dtype));
  reference::compute({operation, parameters, {&image}}, expected);
  const auto found = run_on(engine, operation, parameters, {&image});
  ASSERT_TRUE(std::holds_alternative<Image>(found));
  EXPECT_LE(image_agreement(expected, std::get<Image>(found)).max_abs_error, allowed);
}

INSTANTIATE_TEST_SUITE_P(
    Operations, GpuPaths,
    testing::Values(
        GpuCase{"Median2D", {{"window", "box"}, {"radius", "2"}}, DType::u16, 0},
        GpuCase{"Median3D", {{"window", "sphere"}, {"radius", "2"}}, DType::f32, 0},
        GpuCase{"Minimum3D", {{"window", "sphere"}, {"radius", "2"}}, DType::f32, 0},
        GpuCase{"Minimum3D", {{"window", "box"}, {"radius", "2"}}, DType::u8, 0},
        GpuCase{"Maximum2D", {{"window", "box"}, {"radius", "7"}}, DType::f32, 0},
        GpuCase{"Mean3D", {{"window", "box"}, {"radius", "6x5x2"}}, DType::u16, 1},
        GpuCase{"Mean2D", {{"window", "sphere"}, {"radius", "5"}}, DType::f32, 3e-3},
        GpuCase{"GaussianBlur2D", {{"sigma", "2"}}, DType::f32, 3e-3},
        GpuCase{"GaussianBlur2D", {{"sigma", "6x3"}}, DType::u8, 1},
        GpuCase{"GaussianBlur3D", {{"sigma", "2x2x1"}}, DType::f32, 3e-3},
        GpuCase{"Mean2D", {{"window", "box"}, {"radius", "20"}}, DType::u16, 1},
        GpuCase{"Maximum2D", {{"window", "box"}, {"radius", "14x17"}}, DType::f32, 0},
        GpuCase{"RotateAngle2D", {{"angle", "45"}}, DType::u8, 0},
        GpuCase{"RotateAngle3D", {{"angle", "200"}}, DType::u16, 0},
        GpuCase{"RotateAngle3D", {{"angle", "-7"}}, DType::f32, 1e-3},
        GpuCase{"AffineTransform3D",
                {{"row_x", "1.5x-0.4x0"}, {"row_y", "0.3x0.7x0"}, {"translation", "-9x4x3"}},
                DType::f32,
                1e-3}),
    [](const auto& tested) { return std::to_string(tested.index) + tested.param.operation; });

}  // namespace
}  // namespace voxelmark
