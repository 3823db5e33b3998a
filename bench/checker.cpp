#include "bench/checker.hpp"

#include <algorithm>
#include <chrono>
#include <random>
#include <set>
#include <tuple>

#include "bench/inputs.hpp"
#include "bench/reference_time.hpp"
#include "engines/core/error.hpp"
#include "engines/core/host_engine.hpp"
#include "engines/core/text.hpp"
#include "engines/reference/reference.hpp"

namespace voxelmark {

namespace {

/// Above this, in seconds, the default check is a sample.
constexpr double longest_full_check = 30;

constexpr std::size_t sample_size = 4096;

/// Refuses what this machine's memory cannot hold, before anything is allocated.
void require_host_memory(const Task& task) {
  const Operation& operation = *task.operation;
  const Shape result = operation.result_shape(task.parameters, task.shape, 0);
  const double out =
      static_cast<double>(result.voxels()) *
      static_cast<double>(bytes_of(operation.result_dtype(task.parameters, task.dtype)));
  // The least that a full check takes: the inputs, the expected and the downloaded output, and one
  // host engine's output. Not counted are scratch, a transfer's input and rows of labels' tables.
  const double needed = operation.cost(task.parameters, task.shape, task.dtype).bytes + 2 * out;
  const auto available = static_cast<double>(host_memory_available());
  if (needed > available)
    throw TooLarge("needs " + human_bytes(needed) + " (" + significant(needed, 6) +
                   " bytes) of host memory; " + human_bytes(available) + " are available");
}

Image gather(const Image& image, const std::vector<Index>& voxels) {
  Image row({static_cast<std::int64_t>(voxels.size()), 1, 1}, image.dtype());
  visit(image.dtype(), [&]<class T>(std::type_identity<T>) {
    std::transform(voxels.begin(), voxels.end(), row.pixels<T>().begin(), [&](const Index& v) {
      return image.pixels<T>()[static_cast<std::size_t>(offset(image.shape(), v.x, v.y, v.z))];
    });
  });
  return row;
}

}  // namespace

std::vector<Index> sample_voxels(const Shape& shape, std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto within = [&](std::int64_t extent) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(extent));
  };
  std::set<std::tuple<std::int64_t, std::int64_t, std::int64_t>> chosen;
  for (const auto z : {std::int64_t{0}, shape.z - 1})
    for (const auto y : {std::int64_t{0}, shape.y - 1})
      for (const auto x : {std::int64_t{0}, shape.x - 1}) chosen.emplace(z, y, x);
  const auto wanted = static_cast<std::size_t>(
      std::min<std::int64_t>(shape.voxels(), static_cast<std::int64_t>(count)));
  // A quarter is drawn from the edges, where all coordinates but one are at the border.
  for (std::size_t i = 0; i < wanted / 4; ++i) {
    Index v{within(shape.x), within(shape.y), within(shape.z)};
    const auto border = [&](std::int64_t extent) {
      return random() % 2 ? extent - 1 : std::int64_t{0};
    };
    const auto free_axis = random() % 3;
    if (free_axis != 0) v.x = border(shape.x);
    if (free_axis != 1) v.y = border(shape.y);
    if (free_axis != 2) v.z = border(shape.z);
    chosen.emplace(v.z, v.y, v.x);
  }
  while (chosen.size() < wanted) chosen.emplace(within(shape.z), within(shape.y), within(shape.x));
  std::vector<Index> voxels;
  for (const auto& [z, y, x] : chosen) voxels.push_back({x, y, z});
  return voxels;
}

Checker::Checker(const Task& task, std::optional<Check> wanted) : task_(task) {
  require_host_memory(task);
  inputs_ = load_inputs(task);
  const Operation& operation = *task.operation;
  const auto inputs = pointers_to(inputs_);
  largest_label_ = voxelmark::largest_label(operation, inputs);
  range_ = range_of_images(operation, inputs);
  if (range_.non_finite > 0 && !operation.takes_non_finite)
    throw NotMeasurable(operation.name + " is not defined on NaN or infinity; the image has " +
                        std::to_string(range_.non_finite) + " such pixels");
  const double predicted =
      predict_reference_seconds(operation, task.parameters, task.shape, task.dtype);
  check_ = wanted.value_or(predicted > longest_full_check ? Check::sample : Check::full);
  const Shape shape = operation.result_shape(task.parameters, task.shape, largest_label_);
  if (check_ == Check::sample && (shape.voxels() <= static_cast<std::int64_t>(sample_size) ||
                                  !reference::voxelwise(operation.family)))
    check_ = Check::full;

  const reference::Job job{operation, task.parameters, inputs};
  const auto start = std::chrono::steady_clock::now();
  if (check_ == Check::full) {
    expected_ = Image(shape, operation.result_dtype(task.parameters, task.dtype));
    reference::compute(job, expected_);
  } else if (check_ == Check::sample) {
    samples_ = sample_voxels(shape, sample_size, task.source.seed);
    expected_ = reference::compute_at(job, samples_);
  }
  reference_seconds_ =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Comparison Checker::compare(const Image& output) const {
  if (check_ == Check::none) return {};
  const Tolerance tolerance =
      task_.operation->tolerance(task_.parameters, output.dtype(), range_, task_.shape);
  if (check_ == Check::full) return compare_outputs(*task_.operation, expected_, output, tolerance);
  Comparison comparison{.check = check_, .tolerance = tolerance};
  comparison.figures = image_agreement(expected_, gather(output, samples_));
  if (comparison.figures.first_differing >= 0) {
    const Index v = samples_[static_cast<std::size_t>(comparison.figures.first_differing)];
    comparison.figures.first_differing = offset(output.shape(), v.x, v.y, v.z);
  }
  return comparison;
}

std::string explain_disagreement(const Comparison& comparison, const Shape& output) {
  const ImageAgreement& figures = comparison.figures;
  if (comparison.tolerance.min_dice > 0 && comparison.overlap) {
    const auto percent = [](const Value& value) {
      return value ? significant(100 * *value, 6) + " %" : std::string("undefined");
    };
    return "disagrees with the reference: Dice index " + percent(comparison.overlap->dice) +
           " (at least " + percent(comparison.tolerance.min_dice) + "), sparse Jaccard index " +
           percent(comparison.overlap->sparse_jaccard) + " and in reverse " +
           percent(comparison.overlap->sparse_jaccard_reverse) + " (at least " +
           percent(comparison.tolerance.min_sparse_jaccard) + "), " +
           std::to_string(comparison.overlap->test_labels) + " labels instead of " +
           std::to_string(comparison.overlap->reference_labels);
  }
  const std::int64_t first = figures.first_differing;
  const double fraction = comparison.tolerance.max_fraction_differing;
  const std::string allowed_to_differ =
      fraction < 1 ? " (allowed " + significant(100 * fraction, 3) + " %)" : "";
  return "disagrees with the reference: " + std::to_string(figures.differing) + " of " +
         std::to_string(figures.n) + " voxels differ" + allowed_to_differ + ", largest error " +
         significant(figures.max_abs_error, 4) + " (allowed " +
         significant(comparison.tolerance.max_abs_error, 4) +
         "), first at x=" + std::to_string(first % output.x) +
         " y=" + std::to_string(first / output.x % output.y) +
         " z=" + std::to_string(first / (output.x * output.y));
}

}  // namespace voxelmark
