#include "engines/core/operation.hpp"

#include <algorithm>
#include <cmath>

namespace voxelmark {

std::string to_string(Kind kind) {
  switch (kind) {
    case Kind::pointwise:
      return "pointwise";
    case Kind::reach:
      return "reach";
    case Kind::reduction:
      return "reduction";
    case Kind::global:
      return "global";
  }
  throw std::logic_error("no such Kind");
}

Cost Operation::cost(const Parameters& values, const Shape& input, DType dtype,
                     std::int64_t largest_label) const {
  const auto in = static_cast<double>(input.voxels());
  const auto out = static_cast<double>(result_shape(values, input, largest_label).voxels());
  double bytes = out * static_cast<double>(bytes_of(result_dtype(values, dtype)));
  if (!is_transfer)
    for (const Role role : inputs)
      bytes += in * static_cast<double>(bytes_of(dtype_of(role, dtype)));
  return {bytes, std::max(in, out) * flops_per_voxel(values)};
}

DType dtype_of(Role role, DType dtype) {
  if (role == Role::labels) return DType::u32;
  return role == Role::mask && dtype == DType::u32 ? DType::u8 : dtype;
}

DType Operation::result_dtype(const Parameters& values, DType input) const {
  return gives_table() ? DType::f64 : output_dtype(values, input);
}

Shape Operation::result_shape(const Parameters& values, const Shape& input,
                              std::int64_t largest_label) const {
  const Shape shape = gives_table() ? Shape{static_cast<std::int64_t>(columns.size()),
                                            rows(values, largest_label), 1}
                                    : output_shape(values, input);
  const auto at_least_one = [](std::int64_t extent) { return std::max<std::int64_t>(1, extent); };
  return {at_least_one(shape.x), at_least_one(shape.y), at_least_one(shape.z)};
}

std::string operation_name(const std::string& family, int dims) {
  return family + (dims == 2 ? "2D" : "3D");
}

namespace tolerances {

const char* const exact_rule = "exact";

const char* const pointwise_rule = "f32: 4 ULP of the largest term; integers exact";

Tolerance pointwise(DType output, double largest_term) {
  if (output != DType::f32) return {0, 0};
  return {4 * std::ldexp(1.0, std::ilogb(std::max(largest_term, 1e-37)) - 23), 1};
}

const char* const weighted_sum_rule =
    "f32: 1e-5 x (max - min) + 2^-17 x max|f| of the input; integers: 1 grey level, in at most "
    "0.1 % (u8) or 1 % (u16) of the voxels";

Tolerance weighted_sum(DType output, const Range& range) {
  if (output == DType::f32)
    return {1e-5 * (range.maximum - range.minimum) +
                std::ldexp(std::max(std::abs(range.minimum), std::abs(range.maximum)), -17),
            1};
  return {1, output == DType::u8 ? 0.001 : 0.01};
}

const char* const table_rule = "1e-9 x max(1, |reference|)";

Tolerance table() { return {1e-9, 1}; }

const char* const overlap_rule =
    "Dice index of the foregrounds at least 0.9999, sparse Jaccard index of the labels at least "
    "0.99 in both directions: where blurred values are all but equal, rounding decides";

Tolerance overlap() { return {0, 1, 0.9999, 0.99}; }

}  // namespace tolerances

}  // namespace voxelmark
