#include "bench/agreement_figures.hpp"

namespace voxelmark {

Figures agreement_figures(const Comparison& comparison) {
  const ImageAgreement& figures = comparison.figures;
  Figures f{figure("max_abs_error", figures.max_abs_error),
            figure("error_allowed", comparison.tolerance.max_abs_error),
            {"differing_voxels", figures.differing, ""},
            {"voxels_compared", figures.n, ""},
            figure("bias", figures.bias),
            figure("limit_of_agreement_lower", figures.lower_limit()),
            figure("limit_of_agreement_upper", figures.upper_limit()),
            figure("rmse", figures.rmse),
            figure("pearson_r", figures.pearson_r
                                    ? Value(*figures.pearson_r)
                                    : Value(Undefined{"a side is constant, or nearly so"}))};
  if (const auto& mask = comparison.mask) {
    f.push_back(figure("dice", dice(*mask)));
    f.push_back(figure("jaccard", jaccard(*mask)));
  }
  if (const auto& labels = comparison.overlap) {
    f.push_back(figure("dice", labels->dice));
    f.push_back(figure("jaccard", labels->jaccard));
    f.push_back(figure("sparse_jaccard", labels->sparse_jaccard));
    f.push_back(figure("sparse_jaccard_reverse", labels->sparse_jaccard_reverse));
    f.push_back({"partition_equal", labels->partition_equal, ""});
  }
  if (comparison.tolerance.min_dice > 0) {
    f.push_back(figure("dice_needed", comparison.tolerance.min_dice));
    f.push_back(figure("sparse_jaccard_needed", comparison.tolerance.min_sparse_jaccard));
  }
  return f;
}

}  // namespace voxelmark
