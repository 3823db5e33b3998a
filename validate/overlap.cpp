#include "validate/overlap.hpp"

#include <tbb/blocked_range.h>
#include <tbb/parallel_reduce.h>

#include <cmath>
#include <cstdlib>
#include <stdexcept>

namespace voxelmark {

namespace {

double real(std::int64_t count) { return static_cast<double>(count); }

constexpr const char* both_empty = "both sides are empty";
constexpr const char* reference_empty = "the reference is empty";
constexpr const char* test_empty = "the test side is empty";
constexpr const char* no_background = "the reference has no background";

Value both(const Value& a, const Value& b, double (*f)(double, double)) {
  return !a ? a : !b ? b : Value(f(*a, *b));
}

}  // namespace

Confusion confusion(const Image& reference, const Image& test) {
  if (reference.shape() != test.shape())
    throw std::logic_error("overlap of images of different shape");
  return visit(reference.dtype(), [&]<class A>(std::type_identity<A>) {
    return visit(test.dtype(), [&]<class B>(std::type_identity<B>) {
      const auto a = reference.pixels<A>();
      const auto b = test.pixels<B>();
      return tbb::parallel_reduce(
          tbb::blocked_range<std::size_t>(0, a.size(), 1 << 16), Confusion{},
          [&](const auto& range, Confusion c) {
            std::int64_t in_a = 0, in_b = 0, in_both = 0;
            for (std::size_t i = range.begin(); i < range.end(); ++i) {
              const bool x = a[i] != A{}, y = b[i] != B{};
              in_a += x;
              in_b += y;
              in_both += x & y;
            }
            c.tp += in_both;
            c.fn += in_a - in_both;
            c.fp += in_b - in_both;
            c.tn += static_cast<std::int64_t>(range.size()) - in_a - in_b + in_both;
            return c;
          },
          [](const Confusion& x, const Confusion& y) {
            return Confusion{x.tp + y.tp, x.fp + y.fp, x.fn + y.fn, x.tn + y.tn};
          });
    });
  });
}

Value dice(const Confusion& c) {
  return ratio(2 * real(c.tp), 2 * real(c.tp) + real(c.fp) + real(c.fn), both_empty);
}
Value jaccard(const Confusion& c) {
  return ratio(real(c.tp), real(c.tp) + real(c.fp) + real(c.fn), both_empty);
}
Value accuracy(const Confusion& c) {
  return ratio(real(c.tp) + real(c.tn), real(c.tp) + real(c.fp) + real(c.fn) + real(c.tn),
               "there are no voxels");
}
Value sensitivity(const Confusion& c) {
  return ratio(real(c.tp), real(c.tp) + real(c.fn), reference_empty);
}
Value specificity(const Confusion& c) {
  return ratio(real(c.tn), real(c.tn) + real(c.fp), no_background);
}
Value precision(const Confusion& c) {
  return ratio(real(c.tp), real(c.tp) + real(c.fp), test_empty);
}
Value balanced_accuracy(const Confusion& c) {
  return both(sensitivity(c), specificity(c), [](double a, double b) { return (a + b) / 2; });
}
Value youden(const Confusion& c) {
  return both(sensitivity(c), specificity(c), [](double a, double b) { return a + b - 1; });
}
Value matthews(const Confusion& c) {
  const double tp = real(c.tp), fp = real(c.fp), fn = real(c.fn), tn = real(c.tn);
  const double root = std::sqrt((tp + fp) * (tp + fn)) * std::sqrt((tn + fp) * (tn + fn));
  return ratio(tp * tn - fp * fn, root, "a side has no foreground or no background");
}
std::int64_t hamming(const Confusion& c) { return c.fp + c.fn; }
Value classification_error(const Confusion& c) {
  return ratio(real(hamming(c)), real(c.tp) + real(c.fn), reference_empty);
}
double volume_error(const Confusion& c, double voxel_volume) {
  return real(c.fp - c.fn) * voxel_volume;
}
Value relative_volume_error(const Confusion& c) {
  return ratio(real(c.fp - c.fn), real(c.tp) + real(c.fn), reference_empty);
}
Value volume_sd(const Confusion& c) {
  return ratio(2 * real(std::abs(c.fp - c.fn)), 2 * real(c.tp) + real(c.fp) + real(c.fn),
               both_empty);
}

}  // namespace voxelmark
