#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark::tbb_operations {

Body multiply_scalar(Work& work) {
  return visit_grey(work.output_dtype(), [&]<class T>(std::type_identity<T>) {
    return pointwise<T, T>(work.input(), work.output(), work.shape(),
                           [scalar = work.parameters().number("scalar")](T a) {
                             return to_pixel<T>(static_cast<float>(a) * scalar);
                           });
  });
}

Body add_images_weighted(Work& work) {
  const float factor1 = work.parameters().number("factor1");
  const float factor2 = work.parameters().number("factor2");
  return visit_grey(work.output_dtype(), [&]<class T>(std::type_identity<T>) {
    return pointwise<T, T, T>(
        work.input(0), work.input(1), work.output(), work.shape(), [=](T a, T b) {
          return to_pixel<T>(static_cast<float>(a) * factor1 + static_cast<float>(b) * factor2);
        });
  });
}

Body binary_and(Work& work) {
  return visit_grey(work.dtype(), [&]<class T>(std::type_identity<T>) {
    return pointwise<T, T, std::uint8_t>(
        work.input(0), work.input(1), work.output(), work.shape(),
        [](T a, T b) { return static_cast<std::uint8_t>((a != 0) & (b != 0)); });
  });
}

Body absolute_difference(Work& work) {
  return visit_grey(work.dtype(), [&]<class T>(std::type_identity<T>) {
    return pointwise<T, T, T>(work.input(0), work.input(1), work.output(), work.shape(),
                              [](T a, T b) { return static_cast<T>(a < b ? b - a : a - b); });
  });
}

Body squared_difference(Work& work) {
  return visit_grey(work.dtype(), [&]<class T>(std::type_identity<T>) {
    return pointwise<T, T, float>(work.input(0), work.input(1), work.output(), work.shape(),
                                  [](T a, T b) {
                                    const float d = static_cast<float>(a) - static_cast<float>(b);
                                    return d * d;
                                  });
  });
}

}  // namespace voxelmark::tbb_operations
