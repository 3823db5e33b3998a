#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engines/core/dtype.hpp"
#include "engines/core/image.hpp"
#include "engines/core/parameters.hpp"
#include "engines/core/shape.hpp"

namespace voxelmark {

/// How an output voxel depends on the input; decides how an image may be cut into tiles.
enum class Kind {
  pointwise,  ///< on one input voxel
  reach,      ///< on a neighbourhood of known size
  reduction,  ///< on all voxels, through a number or a histogram
  global      ///< on all voxels
};

std::string to_string(Kind kind);

/// What a result may differ from the reference by.
struct Tolerance {
  double max_abs_error = 0;           ///< in the output's unit
  double max_fraction_differing = 1;  ///< of the voxels, by any amount
};

/// The least work that the definition asks for.
struct Cost {
  double bytes = 0;  ///< each input voxel read once, each output voxel written once
  double flops = 0;
};

/// Voxels on each side of an output voxel, per axis, that it depends on.
using Reach = Shape;

/// What everyone but an engine knows of an operation.
struct Operation {
  std::string name;    ///< "GaussianBlur3D"
  std::string family;  ///< "GaussianBlur": engines implement families
  int dims = 3;        ///< 2 or 3
  Kind kind = Kind::pointwise;
  std::string definition;  ///< complete enough to write a second implementation from
  std::string tolerance_rule;
  std::vector<ParameterSpec> parameters{};
  int inputs = 1;                 ///< images of one shape and type
  bool takes_non_finite = false;  ///< defined on float images with NaN or infinity
  std::vector<DType> dtypes{DType::u8, DType::u16, DType::f32};

  std::function<DType(DType input)> output_dtype = [](DType input) { return input; };
  std::function<Shape(const Shape& input)> output_shape = [](const Shape& input) { return input; };
  /// `range` is the input's.
  std::function<Tolerance(const Parameters&, DType output, const Range& range)> tolerance =
      [](const Parameters&, DType, const Range&) {
        return Tolerance{0, 0};
      };
  /// Per output voxel.
  std::function<double(const Parameters&)> flops_per_voxel = [](const Parameters&) { return 0.0; };
  /// Of a result of kind reach; how far it sees for output voxels inside the input's frame.
  std::function<Reach(const Parameters&, const Shape& input)> reach = [](const Parameters&,
                                                                         const Shape&) {
    return Reach{0, 0, 0};
  };

  Cost cost(const Parameters& values, const Shape& input, DType dtype) const;
};

/// "2D" or "3D" behind the family's name.
std::string operation_name(const std::string& family, int dims);

/// Bounds shared by families.
namespace tolerances {
extern const char* const exact_rule;
/// f32 within 4 ULP of the largest term; integers exact.
Tolerance pointwise(DType output, double largest_term);
extern const char* const pointwise_rule;
/// Weighted sums: f32 within 1e-5·(max − min) + 2^-17·max|f|; integers within one grey level, in at
/// most 0.1 % (u8) or 1 % (u16) of the voxels.
Tolerance weighted_sum(DType output, const Range& range);
extern const char* const weighted_sum_rule;
}  // namespace tolerances

}  // namespace voxelmark
