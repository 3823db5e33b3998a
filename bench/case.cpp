#include "bench/case.hpp"

#include <new>

#include "engines/core/error.hpp"

namespace voxelmark {

std::string Task::suffix() const {
  std::string text = to_string(shape, operation->dims) + "/" + to_string(dtype);
  for (const auto& part : {parameters.text(operation->dims), source.label})
    if (!part.empty()) text += "/" + part;
  return text;
}

std::string Case::name() const {
  std::string text = task->operation->name + "/" + entry.device.id + "/" + task->suffix();
  if (threads > 0) text += "/threads:" + std::to_string(threads);
  if (tiling) text += "/" + tiling->text(task->operation->dims);
  return text;
}

std::string Case::task_name() const {
  return task->operation->name + "/" + task->suffix() +
         (tiling ? "/" + tiling->text(task->operation->dims) : "");
}

std::string Case::engine_label() const {
  return entry.device.id + (threads > 0 ? " " + std::to_string(threads) + "t" : "") +
         (tiling ? " " + tiling->text(task->operation->dims) : "");
}

bool is_verified(const Done& done) {
  return done.comparison.check != Check::none && agrees(done.comparison);
}

bool agrees(const Comparison& comparison) {
  if (comparison.check == Check::none) return true;
  const Tolerance& tolerance = comparison.tolerance;
  if (tolerance.min_dice == 0) return agrees(comparison.figures, tolerance);
  if (!comparison.overlap) return false;
  const LabelAgreement& overlap = *comparison.overlap;
  if (overlap.reference_labels == 0 && overlap.test_labels == 0) return true;
  return overlap.dice.value_or(0) >= tolerance.min_dice &&
         overlap.sparse_jaccard.value_or(0) >= tolerance.min_sparse_jaccard &&
         overlap.sparse_jaccard_reverse.value_or(0) >= tolerance.min_sparse_jaccard;
}

Comparison compare_outputs(const Operation& operation, const Image& expected, const Image& output,
                           const Tolerance& tolerance) {
  Comparison comparison{.check = Check::full, .tolerance = tolerance};
  comparison.figures = image_agreement(expected, output);
  if (output.dtype() == DType::u32) comparison.overlap = label_agreement(expected, output);
  if (operation.gives_mask) comparison.mask = confusion(expected, output);
  return comparison;
}

Outcome outcome_of_exception() {
  try {
    throw;
  } catch (const BadInput&) {
    throw;
  } catch (const Interrupted& error) {
    return Skip{error.what()};
  } catch (const NotMeasurable& error) {
    return Skip{error.what()};
  } catch (const std::bad_alloc&) {
    return Failed{.reason = "out of host memory"};
  } catch (const std::exception& error) {
    return Failed{.reason = error.what()};
  }
}

std::string to_string(Check check) {
  switch (check) {
    case Check::full:
      return "full";
    case Check::sample:
      return "sample";
    case Check::none:
      return "none";
  }
  throw std::logic_error("no such Check");
}

}  // namespace voxelmark
