// Every operation on every engine and device, for every type, at awkward shapes and parameters,
// against the reference. Only OpenCV may decline, with a reason.
#include <gtest/gtest.h>

#include "bench/engines.hpp"
#include "bench/inputs.hpp"
#include "datasets/generators.hpp"
#include "engines/operations/catalogue.hpp"
#include "engines/reference/reference.hpp"
#include "tests/run_operation.hpp"
#include "tests/variants.hpp"
#include "validate/image_agreement.hpp"

namespace voxelmark {
namespace {

const std::vector<Shape>& shapes(int dims) {
  static const std::vector<Shape> flat{{1, 1, 1}, {1, 37, 1},  {37, 1, 1},
                                       {7, 5, 1}, {65, 33, 1}, {130, 3, 1}};
  static const std::vector<Shape> deep{{1, 1, 1},  {1, 1, 9},    {7, 5, 3},
                                       {64, 1, 9}, {33, 20, 11}, {70, 9, 5}};
  return dims == 2 ? flat : deep;
}

struct Counts {
  int compared = 0, skipped = 0;
};

void compare(Engine& engine, const Operation& operation, const Parameters& parameters,
             const std::vector<const Image*>& images, const Image& expected, Counts& counts) {
  const Image& image = *images[0];
  const auto outcome = run_on(engine, operation, parameters, images);
  if (const auto* skip = std::get_if<Skip>(&outcome)) {
    EXPECT_TRUE(engine.device().engine.starts_with("opencv")) << skip->reason;
    EXPECT_FALSE(skip->reason.empty());
    ++counts.skipped;
    return;
  }
  const Image& result = std::get<Image>(outcome);
  const Comparison comparison =
      compare_outputs(operation, expected, result,
                      operation.tolerance(parameters, expected.dtype(),
                                          range_of_images(operation, images), image.shape()));
  const auto& [figures, tolerance] = std::tie(comparison.figures, comparison.tolerance);
  EXPECT_TRUE(agrees(comparison)) << operation.name << " " << engine.device().id << " "
                                  << to_string(image.shape(), 3) << " " << to_string(image.dtype())
                                  << " " << parameters.text(operation.dims) << ": "
                                  << figures.differing << " differ, largest error "
                                  << figures.max_abs_error << ", allowed "
                                  << tolerance.max_abs_error;
  ++counts.compared;
}

/// Every engine has to open here.
Engine& engine_of(const EngineEntry& entry) {
  Engine* engine = opened(entry);
  if (!engine) throw std::runtime_error(entry.device.id + " cannot be opened");
  return *engine;
}

class Matrix : public testing::TestWithParam<Operation> {};

TEST_P(Matrix, AgreesWithTheReference) {
  const Operation& operation = GetParam();
  Counts counts;
  const auto entries = find_devices({{"tbb", "opencv", "opencv-umat", "opencl"}});
  for (const DType dtype : operation.dtypes)
    for (const auto& parameters : parameter_sets(operation))
      for (const Shape& shape : shapes(operation.dims)) {
        const auto images = generated_inputs(operation, "noise", shape, dtype, 7);
        const auto inputs = pointers_to(images);
        Image expected(operation.result_shape(parameters, shape, largest_label(operation, inputs)),
                       operation.result_dtype(parameters, dtype));
        reference::compute({operation, parameters, inputs}, expected);
        for (const auto& entry : entries) {
          // The same functions as OpenCV on the CPU: two shapes show whether cv::UMat takes them.
          if (entry.device.engine == "opencv-umat" && shape.y < 9) continue;
          compare(engine_of(entry), operation, parameters, inputs, expected, counts);
        }
      }
  // Two engines that decline nothing, every type, six shapes.
  EXPECT_GE(counts.compared, 2 * static_cast<int>(operation.dtypes.size()) * 6);
  std::cout << counts.compared << " compared, " << counts.skipped << " declined by OpenCV\n";
}

INSTANTIATE_TEST_SUITE_P(Operations, Matrix, testing::ValuesIn(catalogue()),
                         [](const auto& tested) { return tested.param.name; });

// Where a definition reaches only float images with NaN in a few places, no engine may crash or
// hang.
TEST(Matrix, NanHarmsNobody) {
  Image image = generate("noise", {33, 20, 5}, DType::f32, 3);
  for (std::size_t i = 0; i < image.pixels<float>().size(); i += 3)
    image.pixels<float>()[i] = std::nanf("");
  for (const auto& entry : find_devices({{"reference", "tbb", "opencv", "opencl"}})) {
    Engine& engine = engine_of(entry);
    for (const auto& operation : catalogue()) {
      if (operation.dims != 3) continue;
      for (const auto& parameters : parameter_sets(operation)) {
        auto images =
            generated_inputs(operation, "noise", image.shape(), operation.dtypes.back(), 1);
        for (std::size_t i = 0; i < images.size(); ++i)
          if (images[i].dtype() == DType::f32) images[i] = image.clone();
        EXPECT_NO_THROW(run_on(engine, operation, parameters, pointers_to(images)));
      }
    }
  }
}

// Of an operation that OpenCV's OpenCL code does not cover, a time would be the CPU's.
TEST(Matrix, UMatSaysWhereOpenCvLeavesTheDevice) {
  for (const auto& entry : find_devices({{"opencv-umat"}})) {
    Engine& engine = engine_of(entry);
    const auto outcome = [&](const std::string& name, DType dtype) {
      const Operation& operation = find_operation(name);
      const Image image = generate("noise", {64, 48, 1}, dtype, 1);
      return run_on(engine, operation, Parameters(operation.parameters), {&image});
    };
    EXPECT_TRUE(std::holds_alternative<Image>(outcome("Flip2D", DType::u8)));
    const auto blur = outcome("GaussianBlur3D", DType::u16);
    ASSERT_TRUE(std::holds_alternative<Skip>(blur));
    EXPECT_NE(std::get<Skip>(blur).reason.find("back to the host"), std::string::npos);
  }
}

TEST(Matrix, ProjectionPrefersNumbersToNan) {
  const auto& operation = find_operation("MaximumZProjection");
  Image image({2, 1, 3}, DType::f32);
  const float nan = std::nanf("");
  const float values[]{nan, nan, -5, nan, nan, nan};
  std::copy(std::begin(values), std::end(values), image.pixels<float>().begin());
  for (const auto& entry : find_devices({{"reference", "tbb", "opencl"}})) {
    const auto outcome = run_on(engine_of(entry), operation, Parameters(), {&image});
    const Image& result = std::get<Image>(outcome);
    EXPECT_EQ(result.pixels<float>()[0], -5) << entry.device.id;
    EXPECT_TRUE(std::isnan(result.pixels<float>()[1])) << entry.device.id;
  }
}

}  // namespace
}  // namespace voxelmark
