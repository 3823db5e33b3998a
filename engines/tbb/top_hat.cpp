#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark::tbb_operations {

namespace {

/// Both extremes, and then the image and the result of that in the order of f's arguments.
template <class F>
Body hat(Work& work, Extreme first, Extreme second, F f) {
  const Shape shape = work.shape();
  const auto bytes = static_cast<std::size_t>(shape.voxels()) * bytes_of(work.dtype());
  const Pixels between = work.scratch(bytes), background = work.scratch(bytes);
  const Window window(work.parameters());
  const Body once = extreme(work, first, work.input(), between, work.dtype(), shape, window);
  const Body twice = extreme(work, second, between, background, work.dtype(), shape, window);
  return visit_grey(work.dtype(), [&]<class T>(std::type_identity<T>) -> Body {
    const Body subtract = pointwise<T, T, T>(work.input(), background, work.output(), shape,
                                             [f](T a, T b) { return static_cast<T>(f(a, b)); });
    return [=] {
      once();
      twice();
      subtract();
    };
  });
}

}  // namespace

Body top_hat(Work& work) {
  return hat(work, Extreme::minimum, Extreme::maximum,
             [](auto a, auto opened) { return a - opened; });
}

Body bottom_hat(Work& work) {
  return hat(work, Extreme::maximum, Extreme::minimum,
             [](auto a, auto closed) { return closed - a; });
}

}  // namespace voxelmark::tbb_operations
