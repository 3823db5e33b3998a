#include "engines/tbb/extreme_filter.hpp"

namespace voxelmark::tbb_operations {

namespace {

template <class In, class T, class Load>
Body filter(Work& work, Extreme which, const Pixels& from, const Pixels& to, const Shape& shape,
            const Window& window, const Load& load) {
  const auto finish = [] { return std::identity(); };
  return which == Extreme::minimum
             ? extreme_filter<Extreme::minimum, In, T>(work, from, to, shape, window, load, finish)
             : extreme_filter<Extreme::maximum, In, T>(work, from, to, shape, window, load, finish);
}

Body filter(Work& work, Extreme which) {
  return extreme(work, which, work.input(), work.output(), work.dtype(), work.shape(),
                 work.parameters());
}

Body filter_mask(Work& work, Extreme which) {
  return binary_extreme(work, which, work.input(), work.dtype(), work.output(), work.shape(),
                        work.parameters());
}

}  // namespace

Body extreme(Work& work, Extreme which, const Pixels& from, const Pixels& to, DType type,
             const Shape& shape, const Window& window) {
  return visit_grey(type, [&]<class T>(std::type_identity<T>) {
    return filter<T, T>(work, which, from, to, shape, window, std::identity());
  });
}

Body binary_extreme(Work& work, Extreme which, const Pixels& from, DType from_type,
                    const Pixels& to, const Shape& shape, const Window& window) {
  return visit_grey(from_type, [&]<class In>(std::type_identity<In>) {
    return filter<In, std::uint8_t>(work, which, from, to, shape, window,
                                    [](In value) { return std::uint8_t{value != 0}; });
  });
}

Body minimum(Work& work) { return filter(work, Extreme::minimum); }
Body maximum(Work& work) { return filter(work, Extreme::maximum); }
Body erode(Work& work) { return filter_mask(work, Extreme::minimum); }
Body dilate(Work& work) { return filter_mask(work, Extreme::maximum); }

}  // namespace voxelmark::tbb_operations
