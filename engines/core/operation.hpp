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

/// How an output voxel depends on the input: what cutting an image into tiles goes by.
enum class Kind {
  pointwise,  ///< on one input voxel
  reach,      ///< on a neighbourhood of known size
  reduction,  ///< on all voxels, through a number or a histogram
  global      ///< on all voxels
};

std::string to_string(Kind kind);

/// What an input holds.
enum class Role {
  image,  ///< grey levels of the case's type
  mask,   ///< foreground where not 0; of the case's type, or u8 where that is u32
  labels  ///< u32, background 0
};

/// The type of an input in a case of type `dtype`.
DType dtype_of(Role role, DType dtype);

/// What a result may differ from the reference by.
struct Tolerance {
  /// In the output's unit; of a table relative to max(1, |reference|).
  double max_abs_error = 0;
  double max_fraction_differing = 1;  ///< of the voxels, by any amount
  /// Labels are judged by overlap where this is above 0, and not by value: the Dice index of their
  /// foregrounds and the sparse Jaccard index in both directions.
  double min_dice = 0, min_sparse_jaccard = 0;
};

/// The least work that the definition asks for.
struct Cost {
  double bytes = 0;  ///< each input voxel read once, each output element written once
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
  std::vector<Role> inputs{Role::image};  ///< of one shape
  bool takes_non_finite = false;          ///< defined on float images with NaN or infinity
  bool is_transfer = false;               ///< moves its input: its cost counts each voxel once
  bool gives_mask = false;                ///< 0 and 1
  /// Types of a case: the type of its images, or u32 where all inputs are labels.
  std::vector<DType> dtypes{DType::u8, DType::u16, DType::f32};

  /// Of a table the columns' names: the result is then an f64 "image" of one column an x and one
  /// row a y. Empty where the result is an image.
  std::vector<std::string> columns{};
  /// Rows of a table. `largest_label` is that of the input labels.
  std::function<std::int64_t(const Parameters&, std::int64_t largest_label)> rows =
      [](const Parameters&, std::int64_t) { return 1; };
  /// Of an image; see result_dtype and result_shape for either.
  std::function<DType(const Parameters&, DType input)> output_dtype =
      [](const Parameters&, DType input) { return input; };
  std::function<Shape(const Parameters&, const Shape& input)> output_shape =
      [](const Parameters&, const Shape& input) { return input; };
  /// `range` is the images', `input` their shape.
  std::function<Tolerance(const Parameters&, DType output, const Range& range, const Shape& input)>
      tolerance = [](const Parameters&, DType, const Range&, const Shape&) {
        return Tolerance{0, 0};
      };
  /// Per voxel of the input, or of the output where it has more.
  std::function<double(const Parameters&)> flops_per_voxel = [](const Parameters&) { return 0.0; };
  /// Of a result of kind reach; how far it sees for output voxels inside the input's frame.
  std::function<Reach(const Parameters&, const Shape& input)> reach = [](const Parameters&,
                                                                         const Shape&) {
    return Reach{0, 0, 0};
  };

  /// Of an operation that moves voxels, or joins all along an axis: the part of the input of which
  /// alone it makes that region of the output. Empty for all others.
  std::function<Region(const Parameters&, const Shape& input, const Region& output)> source{};

  bool gives_table() const { return !columns.empty(); }
  DType result_dtype(const Parameters& values, DType input) const;
  /// Extents below 1 become 1: a table of no labels has one empty row.
  Shape result_shape(const Parameters& values, const Shape& input,
                     std::int64_t largest_label) const;
  Cost cost(const Parameters& values, const Shape& input, DType dtype,
            std::int64_t largest_label = 0) const;
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
/// Of tables of sums: relative to max(1, |reference|).
Tolerance table();
extern const char* const table_rule;
/// Labels that depend on a blurred image's rounding: Dice >= 0.9999, sparse Jaccard >= 0.99.
Tolerance overlap();
extern const char* const overlap_rule;
}  // namespace tolerances

}  // namespace voxelmark
