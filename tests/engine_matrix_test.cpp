// Every operation on every engine and device, for every type, at awkward shapes and parameters,
// against the reference. Only OpenCV may decline, with a reason.
#include <gtest/gtest.h>

#include <map>

#include "bench/engines.hpp"
#include "bench/inputs.hpp"
#include "datasets/generators.hpp"
#include "engines/operations/catalogue.hpp"
#include "engines/reference/reference.hpp"
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

std::vector<std::shared_ptr<Buffer>> uploaded(Engine& engine, Stream& stream,
                                              const std::vector<Image>& images) {
  std::vector<std::shared_ptr<Buffer>> buffers;
  for (const Image& image : images) {
    buffers.push_back(engine.allocate(image.shape(), image.dtype()));
    stream.upload(image, *buffers.back());
  }
  return buffers;
}

void compare(Engine& engine, const Operation& operation, const Parameters& parameters,
             const std::vector<Image>& images, const Image& expected, Counts& counts) {
  const Image& image = images[0];
  const auto stream = engine.stream();
  const auto arena = engine.arena();
  const auto output = engine.allocate(expected.shape(), expected.dtype());
  auto prepared = engine.prepare({operation, parameters, uploaded(engine, *stream, images), output,
                                  *arena, largest_label(operation, images)});
  if (auto* skip = std::get_if<Skip>(&prepared)) {
    EXPECT_TRUE(engine.device().engine.starts_with("opencv")) << skip->reason;
    EXPECT_FALSE(skip->reason.empty());
    ++counts.skipped;
    return;
  }
  stream->fill(*output, 0xff);
  arena->fill(*stream, 0xff);
  std::get<std::unique_ptr<Plan>>(prepared)->enqueue(*stream);
  stream->sync();
  Image result(expected.shape(), expected.dtype());
  stream->download(*output, result);
  Comparison comparison;
  comparison.check = Check::full;
  comparison.figures = image_agreement(expected, result);
  comparison.tolerance = operation.tolerance(parameters, expected.dtype(),
                                             range_of_images(operation, images), image.shape());
  if (comparison.tolerance.min_dice > 0) comparison.overlap = label_agreement(expected, result);
  const auto& [figures, tolerance] = std::tie(comparison.figures, comparison.tolerance);
  EXPECT_TRUE(agrees(comparison)) << operation.name << " " << engine.device().id << " "
                                  << to_string(image.shape(), 3) << " " << to_string(image.dtype())
                                  << " " << parameters.text(operation.dims) << ": "
                                  << figures.differing << " differ, largest error "
                                  << figures.max_abs_error << ", allowed "
                                  << tolerance.max_abs_error;
  ++counts.compared;
}

/// The engine, opened once a process and without measuring its limits.
Engine& opened(const EngineEntry& entry) {
  static std::map<std::string, std::unique_ptr<Engine>> engines;
  auto& engine = engines[entry.device.id];
  if (!engine) engine = std::get<std::unique_ptr<Engine>>(entry.open(0));
  return *engine;
}

class Matrix : public testing::TestWithParam<Operation> {};

TEST_P(Matrix, AgreesWithTheReference) {
  const Operation& operation = GetParam();
  Counts counts;
  for (const auto& entry : find_devices({"tbb", "opencv", "opencv-umat", "opencl"}, {})) {
    Engine& engine = opened(entry);
    for (const DType dtype : operation.dtypes)
      for (const auto& parameters : parameter_sets(operation))
        for (const Shape& shape : shapes(operation.dims)) {
          // The same functions as OpenCV on the CPU: two shapes show whether cv::UMat takes them.
          if (engine.device().engine == "opencv-umat" && shape.y < 9) continue;
          const auto images = generated_inputs(operation, "noise", shape, dtype, 7);
          std::vector<const Image*> inputs;
          for (const Image& image : images) inputs.push_back(&image);
          Image expected(
              operation.result_shape(parameters, shape, largest_label(operation, images)),
              operation.result_dtype(parameters, dtype));
          reference::compute({operation, parameters, inputs}, expected);
          compare(engine, operation, parameters, images, expected, counts);
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
  for (const auto& entry : find_devices({"reference", "tbb", "opencv", "opencl"}, {})) {
    Engine& engine = opened(entry);
    for (const auto& operation : catalogue()) {
      if (operation.dims != 3) continue;
      for (const auto& parameters : parameter_sets(operation)) {
        const auto stream = engine.stream();
        const auto arena = engine.arena();
        auto images =
            generated_inputs(operation, "noise", image.shape(), operation.dtypes.back(), 1);
        for (std::size_t i = 0; i < images.size(); ++i)
          if (images[i].dtype() == DType::f32) images[i] = image.clone();
        const std::int64_t labels = largest_label(operation, images);
        const auto output =
            engine.allocate(operation.result_shape(parameters, image.shape(), labels),
                            operation.result_dtype(parameters, operation.dtypes.back()));
        EXPECT_NO_THROW(engine.prepare(
            {operation, parameters, uploaded(engine, *stream, images), output, *arena, labels}));
        stream->sync();
      }
    }
  }
}

// Of an operation that OpenCV's OpenCL code does not cover, a time would be the CPU's.
TEST(Matrix, UMatSaysWhereOpenCvLeavesTheDevice) {
  for (const auto& entry : find_devices({"opencv-umat"}, {})) {
    Engine& engine = opened(entry);
    const auto outcome = [&](const std::string& name, DType dtype) {
      const Operation& operation = find_operation(name);
      const Image image = generate("noise", {64, 48, 1}, dtype, 1);
      const auto stream = engine.stream();
      const auto arena = engine.arena();
      std::vector<Image> images;
      images.push_back(image.clone());
      const auto buffers = uploaded(engine, *stream, images);
      const auto output = engine.allocate(image.shape(), dtype);
      return engine.prepare({operation, Parameters(operation.parameters), buffers, output, *arena});
    };
    EXPECT_TRUE(std::holds_alternative<std::unique_ptr<Plan>>(outcome("Flip2D", DType::u8)));
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
  for (const auto& entry : find_devices({"reference", "tbb", "opencl"}, {})) {
    Engine& engine = opened(entry);
    const auto stream = engine.stream();
    const auto arena = engine.arena();
    const auto input = engine.allocate(image.shape(), DType::f32),
               output = engine.allocate({2, 1, 1}, DType::f32);
    stream->upload(image, *input);
    auto plan = engine.prepare({operation, Parameters(), {input}, output, *arena});
    std::get<std::unique_ptr<Plan>>(plan)->enqueue(*stream);
    Image result({2, 1, 1}, DType::f32);
    stream->download(*output, result);
    EXPECT_EQ(result.pixels<float>()[0], -5) << entry.device.id;
    EXPECT_TRUE(std::isnan(result.pixels<float>()[1])) << entry.device.id;
  }
}

}  // namespace
}  // namespace voxelmark
