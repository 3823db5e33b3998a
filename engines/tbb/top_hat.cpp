#include "engines/tbb/extreme_filter.hpp"

namespace voxelmark::tbb_operations {

namespace {

/// Both extremes; the second one's results are stored as f(image, result).
template <Extreme first, Extreme second, class F>
Body hat(Work& work, F f) {
  const Shape shape = work.shape();
  const Pixels between =
      work.scratch(static_cast<std::size_t>(shape.voxels()) * bytes_of(work.dtype()));
  const Window window(work.parameters());
  const Body once = extreme(work, first, work.input(), between, work.dtype(), shape, window);
  return visit_grey(work.dtype(), [&]<class T>(std::type_identity<T>) -> Body {
    const auto finish = [f, input = work.input()] {
      return [f, image = input.as<T>()](T result, std::int64_t i) {
        return static_cast<T>(f(image[i], result));
      };
    };
    const Body twice = extreme_filter<second, T, T>(work, between, work.output(), shape, window,
                                                    std::identity(), finish);
    return [=] {
      once();
      twice();
    };
  });
}

}  // namespace

Body top_hat(Work& work) {
  return hat<Extreme::minimum, Extreme::maximum>(work,
                                                 [](auto a, auto opened) { return a - opened; });
}

Body bottom_hat(Work& work) {
  return hat<Extreme::maximum, Extreme::minimum>(work,
                                                 [](auto a, auto closed) { return closed - a; });
}

}  // namespace voxelmark::tbb_operations
