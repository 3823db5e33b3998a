#include <cmath>

#include "engines/reference/reference.hpp"

namespace voxelmark::reference {

namespace {

/// A sum that carries its rounding errors along (Neumaier).
class CompensatedSum {
 public:
  void add(double value) {
    const double sum = sum_ + value;
    lost_ += std::abs(sum_) >= std::abs(value) ? (sum_ - sum) + value : (value - sum) + sum_;
    sum_ = sum;
  }
  double value() const { return sum_ + lost_; }

 private:
  double sum_ = 0, lost_ = 0;
};

/// The sum of f(value) over all pixels.
template <class F>
double sum_of(const Image& image, F f) {
  return visit_grey(image.dtype(), [&]<class T>(std::type_identity<T>) {
    CompensatedSum sum;
    for (const T value : image.pixels<T>()) sum.add(f(static_cast<double>(value)));
    return sum.value();
  });
}

double voxels(const Image& image) { return static_cast<double>(image.shape().voxels()); }

double sum(const Image& image) {
  return visit_grey(image.dtype(), [&]<class T>(std::type_identity<T>) {
    if constexpr (std::is_integral_v<T>) {
      std::uint64_t total = 0;
      for (const T value : image.pixels<T>()) total += value;
      return static_cast<double>(total);
    } else {
      return sum_of(image, [](double value) { return value; });
    }
  });
}

double& cell(Image& table) { return table.pixels<double>()[0]; }

}  // namespace

void sum_of_all_pixels(const Job& job, Image& output) { cell(output) = sum(job.input()); }

void mean_of_all_pixels(const Job& job, Image& output) {
  cell(output) = sum(job.input()) / voxels(job.input());
}

void standard_deviation_of_all_pixels(const Job& job, Image& output) {
  const Image& image = job.input();
  const double n = voxels(image), mean = sum(image) / n;
  const double deviations = sum_of(image, [=](double value) { return value - mean; });
  const double squares =
      sum_of(image, [=](double value) { return (value - mean) * (value - mean); });
  cell(output) = std::sqrt(std::max(0.0, squares - deviations * deviations / n) / n);
}

Extrema extrema(const Image& image) {
  return visit_grey(image.dtype(), [&]<class T>(std::type_identity<T>) {
    const auto pixels = image.pixels<T>();
    Extrema found{static_cast<double>(pixels[0]), static_cast<double>(pixels[0])};
    // fmin and fmax take the number where the other one is NaN.
    for (const T value : pixels) {
      found.minimum = std::fmin(found.minimum, static_cast<double>(value));
      found.maximum = std::fmax(found.maximum, static_cast<double>(value));
    }
    return found;
  });
}

void minimum_of_all_pixels(const Job& job, Image& output) {
  cell(output) = extrema(job.input()).minimum;
}

void maximum_of_all_pixels(const Job& job, Image& output) {
  cell(output) = extrema(job.input()).maximum;
}

}  // namespace voxelmark::reference
