// Every operation on every engine and device, for every type, at awkward shapes and parameters,
// against the reference. Only OpenCV may decline, with a reason.
#include <gtest/gtest.h>

#include <map>

#include <sstream>

#include "bench/engines.hpp"
#include "bench/inputs.hpp"
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
    {"AddImagesWeighted", "factor1", "0.1", 0},
    {"AddImagesWeighted", "factor2", "-0.7", 0},
    {"AddImagesWeighted", "factor1", "1e7", 0},
    {"AddScalar", "scalar", "0.5", 0},
    {"AddScalar", "scalar", "-77.25", 0},
    {"AddScalar", "scalar", "70000", 0},
    {"Dilate", "window", "box", 0},
    {"Dilate", "radius", "0", 0},
    {"Dilate", "radius", "3", 0},
    {"Dilate", "radius", "3x1", 2},
    {"Dilate", "radius", "2x0x1", 3},
    {"Erode", "window", "box", 0},
    {"Erode", "radius", "0", 0},
    {"Erode", "radius", "3", 0},
    {"Erode", "radius", "3x1", 2},
    {"Erode", "radius", "2x0x1", 3},
    {"ConnectedComponents", "neighbours", "face", 0},
    {"DetectMaxima", "radius", "0", 0},
    {"DetectMaxima", "radius", "3x0", 2},
    {"DetectMaxima", "radius", "0x1x2", 3},
    {"DetectMaxima", "radius", "40", 0},
    {"DetectMaxima", "floor", "250", 0},
    {"ErodedOtsuLabeling", "erosions", "0", 0},
    {"ErodedOtsuLabeling", "erosions", "1", 0},
    {"ErodedOtsuLabeling", "erosions", "2", 0},
    {"FindMaxima", "prominence", "0", 2},
    {"FindMaxima", "prominence", "60.5", 2},
    {"FindMaxima", "prominence", "300", 2},
    {"FindMaxima", "prominence", "10000", 2},
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
    {"MultiplyScalar", "scalar", "0.1", 0},
    {"MultiplyScalar", "scalar", "-1.5", 0},
    {"MultiplyScalar", "scalar", "40000", 0},
    {"MultiplyScalar", "scalar", "1e30", 0},
    {"Push", "memory", "pinned", 0},
    {"Pull", "memory", "pinned", 0},
    {"Median", "window", "box", 0},
    {"Median", "radius", "0", 0},
    {"Median", "radius", "1", 0},
    {"Median", "radius", "3x1", 2},
    {"Median", "radius", "2x0x1", 3},
    {"Median", "radius", "5", 0},
    {"Median", "radius", "16x15", 2},
    {"Convert", "type", "u8", 0},
    {"Convert", "type", "u16", 0},
    {"Crop", "origin", "3", 0},
    {"Crop", "origin", "1000", 0},
    {"Crop", "extent", "2x7", 2},
    {"Crop", "extent", "1000x2x1", 3},
    {"Reslice", "from", "left", 3},
    {"Rotate", "turns", "2", 0},
    {"Rotate", "turns", "3", 0},
    {"BottomHat", "window", "sphere", 0},
    {"BottomHat", "radius", "0", 0},
    {"BottomHat", "radius", "3x1", 2},
    {"BottomHat", "window;radius", "sphere;2x0x1", 3},
    {"DifferenceOfGaussian", "sigma1", "0", 0},
    {"DifferenceOfGaussian", "sigma1;sigma2", "2x0;0x3", 2},
    {"DifferenceOfGaussian", "sigma1;sigma2", "2x2x0;6x6x0", 3},
    {"DivideByGaussianBackground", "sigma", "0", 0},
    {"DivideByGaussianBackground", "sigma", "2x0", 2},
    {"DivideByGaussianBackground", "sigma", "2x0x1", 3},
    {"SubtractGaussianBackground", "sigma", "0", 0},
    {"SubtractGaussianBackground", "sigma", "2x0", 2},
    {"SubtractGaussianBackground", "sigma", "2x0x1", 3},
    {"TopHat", "window", "sphere", 0},
    {"TopHat", "radius", "0", 0},
    {"TopHat", "radius", "3x1", 2},
    {"TopHat", "window;radius", "sphere;2x0x1", 3},
    {"Mean", "window", "box", 0},
    {"Mean", "window;radius", "box;3x1", 2},
    {"Mean", "window;radius", "box;70x0", 2},
    {"Mean", "window;radius", "box;3x0x15", 3},
    {"Mean", "radius", "0", 0},
    {"Mean", "radius", "13", 2},
    {"Mean", "radius", "5", 3},
    {"Mean", "radius", "3x1", 2},
    {"Mean", "radius", "2x0x1", 3},
    {"AutoThreshold", "method", "otsu", 0},
    {"AutoThreshold", "method", "li", 0},
    {"AutoThreshold", "method", "triangle", 0},
    {"AutoThreshold", "method", "mean", 0},
    {"AutoThreshold", "method", "yen", 0},
    {"ExcludeLabelsOutsideMeanRange", "minimum", "127", 0},
    {"ExcludeLabelsOutsideMeanRange", "maximum", "32000", 0},
    {"ExcludeLabelsOutsideSizeRange", "minimum_size", "31", 0},
    {"ExcludeLabelsOutsideSizeRange", "maximum_size", "90", 0},
    {"NeighborMesh", "spacing", "0.5x2", 2},
    {"NeighborMesh", "spacing", "0.5x2x3", 3},
    {"NeighborMesh", "angle", "0", 0},
    {"NeighborMesh", "angle", "75", 0},
    {"Histogram", "bins", "1", 0},
    {"Histogram", "bins", "7", 0},
    {"Histogram", "bins", "2049", 0},
    {"Histogram", "bins", "65536", 0},
    {"VoronoiOtsuLabeling", "spot_sigma", "1", 0},
    {"VoronoiOtsuLabeling", "outline_sigma", "0.5", 0},
    {"Voronoi", "spacing", "0.5x2", 2},
    {"Voronoi", "spacing", "1x1.5x3", 3},
    {"Voronoi", "masked", "yes", 0},
    {"Maximum", "window", "box", 0},
    {"Maximum", "window;radius", "box;3x1", 2},
    {"Maximum", "window;radius", "box;70x0", 2},
    {"Maximum", "window;radius", "box;3x0x15", 3},
    {"Maximum", "window;radius", "box;0x6x1", 3},
    {"Maximum", "radius", "0", 0},
    {"Maximum", "radius", "13", 2},
    {"Maximum", "radius", "5", 3},
    {"Maximum", "radius", "3x1", 2},
    {"Maximum", "radius", "2x0x1", 3},
    {"Maximum", "radius", "0x2x1", 3},
    {"Minimum", "window", "box", 0},
    {"Minimum", "window;radius", "box;3x1", 2},
    {"Minimum", "window;radius", "box;70x0", 2},
    {"Minimum", "window;radius", "box;3x0x15", 3},
    {"Minimum", "window;radius", "box;0x6x1", 3},
    {"Minimum", "radius", "0", 0},
    {"Minimum", "radius", "13", 2},
    {"Minimum", "radius", "5", 3},
    {"Minimum", "radius", "3x1", 2},
    {"Minimum", "radius", "2x0x1", 3},
    {"Minimum", "radius", "0x2x1", 3},
    {"AffineTransform", "interpolation", "nearest", 0},
    {"AffineTransform", "row_x", "0.3x-1.1", 2},
    {"AffineTransform", "row_z", "0.01x0.02x1.7", 3},
    {"AffineTransform", "translation", "1000", 0},
    {"RadialReslice", "mode", "clij", 3},
    {"RadialReslice", "step", "-7.5", 3},
    {"RadialReslice", "angles", "1", 3},
    {"Resample", "to_spacing", "0.4", 0},
    {"Resample", "to_spacing", "0.26x3", 2},
    {"Resample", "from_spacing", "0.5x1x1", 3},
    {"Resample", "to_spacing", "1000", 0},
    {"RotateAngle", "interpolation", "nearest", 0},
    {"RotateAngle", "angle", "90", 0},
    {"RotateAngle", "angle", "-133.7", 0},
    {"Scale", "interpolation", "nearest", 0},
    {"Scale", "factor", "0.3", 0},
    {"Scale", "factor", "1x4", 2},
    {"Scale", "factor", "1000x1x3", 3},
    {"Translate", "interpolation", "nearest", 0},
    {"Translate", "distance", "0", 0},
    {"Translate", "distance", "-1.25x3", 2},
    {"Translate", "distance", "0x0.1x-2.75", 3},
    {"Translate", "distance", "1e6", 0},
};

std::vector<Parameters> parameter_sets(const Operation& operation) {
  std::vector<Parameters> sets{Parameters(operation.parameters)};
  for (const auto& variant : variants) {
    if (variant.family != operation.family || (variant.dims && variant.dims != operation.dims))
      continue;
    sets.emplace_back(operation.parameters);
    std::istringstream names(variant.parameter), values(variant.value);
    for (std::string name, value;
         std::getline(names, name, ';') && std::getline(values, value, ';');)
      for (const auto& spec : operation.parameters)
        if (spec.name == name) sets.back().set(name, parse_parameter(spec, operation.dims, value));
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
