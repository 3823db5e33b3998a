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

Cost Operation::cost(const Parameters& values, const Shape& input, DType dtype) const {
  const auto in = static_cast<double>(input.voxels()) * inputs;
  const auto out = static_cast<double>(output_shape(input).voxels());
  return {in * static_cast<double>(bytes_of(dtype)) +
              out * static_cast<double>(bytes_of(output_dtype(dtype))),
          out * flops_per_voxel(values)};
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

}  // namespace tolerances

}  // namespace voxelmark
