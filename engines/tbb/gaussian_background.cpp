#include "engines/tbb/tbb_operations.hpp"

namespace voxelmark::tbb_operations {

namespace {

/// A step to a float32 image of its own.
struct Blurred {
  Pixels pixels;
  Body run;
};

Blurred blurred(Work& work, const char* sigma) {
  const Pixels pixels =
      work.scratch(static_cast<std::size_t>(work.shape().voxels()) * sizeof(float));
  return {pixels, blur(work, work.input(), work.dtype(), pixels, DType::f32, work.shape(),
                       work.parameters().per_axis(sigma))};
}

/// f(a, background).
template <class F>
Body with_background(Work& work, F f) {
  const Blurred background = blurred(work, "sigma");
  return visit_grey(work.dtype(), [&]<class T>(std::type_identity<T>) -> Body {
    const Body last =
        pointwise<T, float, float>(work.input(), background.pixels, work.output(), work.shape(),
                                   [f](T a, float b) { return f(static_cast<float>(a), b); });
    return [=, first = background.run] {
      first();
      last();
    };
  });
}

}  // namespace

Body difference_of_gaussian(Work& work) {
  const Blurred a = blurred(work, "sigma1"), b = blurred(work, "sigma2");
  const Body subtract = pointwise<float, float, float>(a.pixels, b.pixels, work.output(),
                                                       work.shape(), std::minus<float>());
  return [=] {
    a.run();
    b.run();
    subtract();
  };
}

Body subtract_gaussian_background(Work& work) {
  return with_background(work, [](float a, float background) { return a - background; });
}

Body divide_by_gaussian_background(Work& work) {
  return with_background(
      work, [](float a, float background) { return background == 0 ? 0 : a / background; });
}

}  // namespace voxelmark::tbb_operations
