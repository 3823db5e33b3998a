// Every operation on every engine and device, for every type, at awkward shapes and parameters,
// against the reference. Only OpenCV may decline, with a reason.
#include <gtest/gtest.h>

#include "bench/engines.hpp"
#include "datasets/generators.hpp"
#include "engines/operations/catalogue.hpp"
#include "engines/reference/reference.hpp"
#include "validate/image_agreement.hpp"

namespace voxelmark {
namespace {

struct Variant {
  const char *family, *parameter, *value;
  int dims;  // 0: both
};

/// Parameters beside the defaults, one at a time unless joined by ';'.
const std::vector<Variant> variants{
    {"AddScalar", "scalar", "0.5", 0},
    {"AddScalar", "scalar", "-77.25", 0},
    {"AddScalar", "scalar", "70000", 0},
    {"FixedThreshold", "threshold", "100.5", 0},
    {"FixedThreshold", "threshold", "-1", 0},
    {"Flip", "axis", "y", 0},
    {"Flip", "axis", "z", 3},
    {"GaussianBlur", "sigma", "0", 0},
    {"GaussianBlur", "sigma", "0.5", 0},
    {"GaussianBlur", "sigma", "11", 0},
    {"GaussianBlur", "sigma", "3x0", 2},
    {"GaussianBlur", "sigma", "0x0x1", 3},
    {"GaussianBlur", "sigma", "2x0x1", 3},
    {"Median", "window", "box", 0},
    {"Median", "radius", "0", 0},
    {"Median", "radius", "1", 0},
    {"Median", "radius", "3x1", 2},
    {"Median", "radius", "2x0x1", 3},
    {"Median", "radius", "5", 0},
    {"Median", "radius", "16x15", 2},
};

std::vector<Parameters> parameter_sets(const Operation& operation) {
  std::vector<Parameters> sets{Parameters(operation.parameters)};
  for (const auto& variant : variants) {
    if (variant.family != operation.family || (variant.dims && variant.dims != operation.dims))
      continue;
    for (const auto& spec : operation.parameters)
      if (spec.name == variant.parameter) {
        sets.emplace_back(operation.parameters);
        sets.back().set(spec.name, parse_parameter(spec, operation.dims, variant.value));
      }
  }
  return sets;
}

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
             const Image& image, const Image& expected, Counts& counts) {
  const auto stream = engine.stream();
  const auto arena = engine.arena();
  const auto input = engine.allocate(image.shape(), image.dtype());
  const auto output = engine.allocate(expected.shape(), expected.dtype());
  stream->upload(image, *input);
  auto prepared = engine.prepare({operation, parameters, {input}, output, *arena});
  if (auto* skip = std::get_if<Skip>(&prepared)) {
    EXPECT_EQ(engine.device().engine, "opencv") << skip->reason;
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
  const auto figures = image_agreement(expected, result);
  const auto tolerance = operation.tolerance(parameters, expected.dtype(), range_of(image));
  EXPECT_TRUE(agrees(figures, tolerance))
      << operation.name << " " << engine.device().id << " " << to_string(image.shape(), 3) << " "
      << to_string(image.dtype()) << " " << parameters.text(operation.dims) << ": "
      << figures.differing << " differ, largest error " << figures.max_abs_error << ", allowed "
      << tolerance.max_abs_error;
  ++counts.compared;
}

class Matrix : public testing::TestWithParam<Operation> {};

TEST_P(Matrix, AgreesWithTheReference) {
  const Operation& operation = GetParam();
  static OpenEngines engines;
  Counts counts;
  for (const auto& entry : find_devices({"tbb", "opencv", "opencl"}, {})) {
    const auto opened = engines.open(entry, 0);
    ASSERT_TRUE(std::holds_alternative<OpenEngines::Opened*>(opened)) << entry.device.id;
    Engine& engine = *std::get<OpenEngines::Opened*>(opened)->engine;
    for (const DType dtype : operation.dtypes)
      for (const auto& parameters : parameter_sets(operation))
        for (const Shape& shape : shapes(operation.dims)) {
          const Image image = generate("noise", shape, dtype, 7);
          Image expected(operation.output_shape(shape), operation.output_dtype(dtype));
          reference::compute({operation, parameters, {&image}}, expected);
          compare(engine, operation, parameters, image, expected, counts);
        }
  }
  EXPECT_GT(counts.compared,
            2 * 3 * 6);  // two engines that decline nothing, three types, six shapes
  std::cout << counts.compared << " compared, " << counts.skipped << " declined by OpenCV\n";
}

INSTANTIATE_TEST_SUITE_P(Operations, Matrix, testing::ValuesIn(catalogue()),
                         [](const auto& tested) { return tested.param.name; });

// Where a definition reaches only float images with NaN in a few places, no engine may crash or
// hang.
TEST(Matrix, NanHarmsNobody) {
  OpenEngines engines;
  Image image = generate("noise", {33, 20, 5}, DType::f32, 3);
  for (std::size_t i = 0; i < image.pixels<float>().size(); i += 3)
    image.pixels<float>()[i] = std::nanf("");
  for (const auto& entry : find_devices({}, {})) {
    Engine& engine = *std::get<OpenEngines::Opened*>(engines.open(entry, 0))->engine;
    for (const auto& operation : catalogue()) {
      if (operation.dims != 3) continue;
      for (const auto& parameters : parameter_sets(operation)) {
        const auto stream = engine.stream();
        const auto arena = engine.arena();
        const auto input = engine.allocate(image.shape(), image.dtype());
        const auto output = engine.allocate(operation.output_shape(image.shape()),
                                            operation.output_dtype(image.dtype()));
        stream->upload(image, *input);
        EXPECT_NO_THROW(engine.prepare({operation, parameters, {input}, output, *arena}));
        stream->sync();
      }
    }
  }
}

TEST(Matrix, ProjectionPrefersNumbersToNan) {
  const auto& operation = catalogue().back();
  ASSERT_EQ(operation.name, "MaximumZProjection");
  Image image({2, 1, 3}, DType::f32);
  const float nan = std::nanf("");
  const float values[]{nan, nan, -5, nan, nan, nan};
  std::copy(std::begin(values), std::end(values), image.pixels<float>().begin());
  OpenEngines engines;
  for (const auto& entry : find_devices({"reference", "tbb", "opencl"}, {})) {
    Engine& engine = *std::get<OpenEngines::Opened*>(engines.open(entry, 0))->engine;
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
