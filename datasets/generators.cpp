#include "datasets/generators.hpp"

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "engines/core/error.hpp"
#include "engines/core/text.hpp"

namespace voxelmark {

namespace {

/// Random numbers by their index (splitmix64's finalizer): no state, so no order of threads shows.
class Random {
 public:
  Random(std::uint64_t seed, std::uint64_t stream) : key_(mix(mix(seed) + stream)) {}

  std::uint64_t operator()(std::int64_t index) const {
    return mix(key_ + static_cast<std::uint64_t>(index) * 0x9e3779b97f4a7c15);
  }
  /// In [0, 1).
  double uniform(std::int64_t index) const {
    return static_cast<double>((*this)(index) >> 11) * 0x1p-53;
  }
  /// Mean 0, variance 1, within ±3.47: a sum of four uniform numbers, which unlike a logarithm is
  /// the same on every machine.
  double normal(std::int64_t index) const {
    const std::uint64_t bits = (*this)(index);
    const auto part = [&](int shift) { return static_cast<int>(bits >> shift & 0xffff); };
    const int sum = part(0) + part(16) + part(32) + part(48);
    return (sum - 2 * 65535) * (std::sqrt(3.0) / 65536);
  }

 private:
  static std::uint64_t mix(std::uint64_t value) {
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
    value = (value ^ value >> 27) * 0x94d049bb133111eb;
    return value ^ value >> 31;
  }
  std::uint64_t key_;
};

/// exp(-t) within 1e-5 up to t = 7, from products only: libraries round their exp differently.
double decay(double t) {
  double result = 1 - t * 0x1p-22;
  for (int i = 0; i < 22; ++i) result *= result;
  return result;
}

/// A grey level of u8's range in another type.
template <class T>
T grey(double level) {
  return to_pixel<T>(std::is_same_v<T, std::uint16_t> ? 100 * level : level);
}

/// Sets every voxel to value(its offset).
template <class T, class F>
void fill(Image& image, F&& value) {
  T* pixels = image.pixels<T>().data();
  tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, image.shape().voxels(), 1 << 16),
                    [&](const auto& range) {
                      for (std::int64_t i = range.begin(); i < range.end(); ++i)
                        pixels[i] = value(i);
                    });
}

/// Cells that an image is cut into, each at least `size` large where the image is.
class Grid {
 public:
  Grid(const Shape& shape, const Shape& size)
      : shape_(shape),
        cells_{count(shape.x, size.x), count(shape.y, size.y), count(shape.z, size.z)} {}

  /// Calls body(number, region) for all cells, numbered in raster order, in parallel.
  template <class F>
  void for_each(F&& body) const {
    tbb::parallel_for(tbb::blocked_range<std::int64_t>(0, cells_.voxels()), [&](const auto& range) {
      for (std::int64_t number = range.begin(); number < range.end(); ++number)
        body(number, region(number));
    });
  }

 private:
  static std::int64_t count(std::int64_t extent, std::int64_t size) {
    return std::max<std::int64_t>(1, extent / size);
  }
  Region region(std::int64_t number) const {
    const Index cell{number % cells_.x, number / cells_.x % cells_.y, number / cells_.x / cells_.y};
    const auto begin = [&](const Index& at) {
      return Index{at.x * shape_.x / cells_.x, at.y * shape_.y / cells_.y,
                   at.z * shape_.z / cells_.z};
    };
    const Index from = begin(cell), to = begin({cell.x + 1, cell.y + 1, cell.z + 1});
    return {from, {to.x - from.x, to.y - from.y, to.z - from.z}};
  }

  Shape shape_, cells_;
};

/// For each voxel along an axis of a cell, its squared distance from a centre. `random`, in [0, 1),
/// places the centre so that `reach` on both sides of it lies within the cell; where the cell is
/// too small for that, the centre is its middle.
std::vector<double> squared_distances(std::int64_t extent, double reach, double random) {
  const double last = static_cast<double>(extent - 1);
  const double freedom = last - 2 * reach;
  const double centre = freedom > 0 ? reach + freedom * random : last / 2;
  std::vector<double> squares(static_cast<std::size_t>(extent));
  for (std::size_t i = 0; i < squares.size(); ++i) {
    const double distance = static_cast<double>(i) - centre;
    squares[i] = distance * distance;
  }
  return squares;
}

void noise(Image& image, std::uint64_t seed) {
  const Random random(seed, 1);
  visit(image.dtype(), [&]<class T>(std::type_identity<T>) {
    fill<T>(image, [&](std::int64_t i) {
      const std::uint64_t bits = random(i) >> 40;
      if constexpr (std::is_same_v<T, float>) return static_cast<T>(bits) * 0x1p-16f;
      if constexpr (std::is_same_v<T, std::uint16_t>) return static_cast<T>(bits & 0xffff);
      return static_cast<T>(bits & 0xff);
    });
  });
}

void blobs(Image& image, std::uint64_t seed) {
  const Random random(seed, 2);
  const Shape& shape = image.shape();
  visit(image.dtype(), [&]<class T>(std::type_identity<T>) {
    T* pixels = image.pixels<T>().data();
    Grid(shape, {28, 28, 28}).for_each([&](std::int64_t number, const Region& cell) {
      const auto uniform = [&](int n) { return random.uniform(8 * number + n); };
      const double sigma = 1 + 3 * uniform(0), height = 50 + 180 * uniform(1);
      const auto profile = [&](std::int64_t extent, double place) {
        auto values = squared_distances(extent, 3.5 * sigma, place);
        for (double& value : values) value = decay(value / (2 * sigma * sigma));
        return values;
      };
      const auto x = profile(cell.extent.x, uniform(2)), y = profile(cell.extent.y, uniform(3)),
                 z = profile(cell.extent.z, uniform(4));
      for (std::size_t k = 0; k < z.size(); ++k)
        for (std::size_t j = 0; j < y.size(); ++j) {
          T* row = pixels + offset(shape, cell.origin.x, cell.origin.y + j, cell.origin.z + k);
          for (std::size_t i = 0; i < x.size(); ++i)
            row[i] = grey<T>(10 + height * z[k] * y[j] * x[i]);
        }
    });
  });
}

/// One slice of the spiral, over zeros. Turns right where the next voxel would touch the line.
template <class T>
void wind(T* slice, std::int64_t width, std::int64_t height) {
  const auto is_inside = [&](std::int64_t x, std::int64_t y) {
    return x >= 0 && y >= 0 && x < width && y < height;
  };
  const auto is_line = [&](std::int64_t x, std::int64_t y) {
    return is_inside(x, y) && slice[y * width + x] != 0;
  };
  const auto touches_end_only = [&](std::int64_t x, std::int64_t y) {
    return is_line(x - 1, y) + is_line(x + 1, y) + is_line(x, y - 1) + is_line(x, y + 1) == 1;
  };
  slice[0] = 255;
  std::int64_t x = 0, y = 0, dx = 1, dy = 0;
  for (bool has_turned = false;;) {
    if (is_inside(x + dx, y + dy) && touches_end_only(x + dx, y + dy)) {
      x += dx, y += dy;
      slice[y * width + x] = 255;
      has_turned = false;
    } else {
      if (has_turned) return;
      dx = -std::exchange(dy, dx);
      has_turned = true;
    }
  }
}

void spiral(Image& image, std::uint64_t) {
  const Shape& shape = image.shape();
  visit(image.dtype(), [&]<class T>(std::type_identity<T>) {
    T* first = image.pixels<T>().data();
    const std::int64_t slice = shape.x * shape.y;
    std::fill_n(first, slice, T{0});
    wind(first, shape.x, shape.y);
    tbb::parallel_for(std::int64_t{1}, shape.z,
                      [&](std::int64_t z) { std::copy_n(first, slice, first + z * slice); });
  });
}

void constant(Image& image, std::uint64_t) {
  visit(image.dtype(), [&]<class T>(std::type_identity<T>) {
    fill<T>(image, [](std::int64_t) { return T{100}; });
  });
}

template <class T>
void draw_nuclei(Nuclei& nuclei, std::uint64_t seed) {
  constexpr double background = 20;
  // In squared radii: brightness falls from within the border, at 1, where it is half, to beyond
  // it.
  constexpr double bright_until = 0.7, dark_from = 1.3;
  const Shape& shape = nuclei.intensity.shape();
  const Random random(seed, 3), noise_of(seed, 4);
  T* intensity = nuclei.intensity.pixels<T>().data();
  std::uint32_t* labels = nuclei.labels.pixels<std::uint32_t>().data();
  // Cells hold the largest nucleus with its soft edge: none is cut by its neighbour's cell.
  Grid(shape, {24, 24, 12}).for_each([&](std::int64_t number, const Region& cell) {
    const auto uniform = [&](int n) { return random.uniform(8 * number + n); };
    const double radius = 5 + 4 * uniform(0), brightness = 80 + 100 * uniform(1);
    const auto squared_radii = [&](std::int64_t extent, double axis_radius, double place) {
      auto squares = squared_distances(extent, axis_radius * std::sqrt(dark_from), place);
      for (double& square : squares) square /= axis_radius * axis_radius;
      return squares;
    };
    const auto x = squared_radii(cell.extent.x, radius, uniform(2));
    const auto y = squared_radii(cell.extent.y, radius, uniform(3));
    const auto z = squared_radii(cell.extent.z, radius / 2, uniform(4));
    for (std::size_t k = 0; k < z.size(); ++k)
      for (std::size_t j = 0; j < y.size(); ++j) {
        const std::int64_t row = offset(shape, cell.origin.x, cell.origin.y + j, cell.origin.z + k);
        for (std::size_t i = 0; i < x.size(); ++i) {
          const double square = z[k] + y[j] + x[i];
          const double s = std::clamp((dark_from - square) / (dark_from - bright_until), 0.0, 1.0);
          const double signal = background + brightness * s * s * (3 - 2 * s);
          const std::int64_t voxel = row + i;
          intensity[voxel] = grey<T>(signal + std::sqrt(signal) * noise_of.normal(voxel));
          labels[voxel] = square <= 1 ? static_cast<std::uint32_t>(number + 1) : 0;
        }
      }
  });
}

void nuclei(Image& image, std::uint64_t seed) {
  Nuclei both = generate_nuclei(image.shape(), image.dtype(), seed);
  image = std::move(image.dtype() == DType::u32 ? both.labels : both.intensity);
}

using Generator = void (*)(Image& image, std::uint64_t seed);
constexpr std::array<std::pair<const char*, Generator>, 5> generators{{{"noise", noise},
                                                                       {"nuclei", nuclei},
                                                                       {"blobs", blobs},
                                                                       {"spiral", spiral},
                                                                       {"constant", constant}}};

}  // namespace

const std::vector<std::string>& dataset_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& [name, generator] : generators) all.emplace_back(name);
    return all;
  }();
  return names;
}

Image generate(const std::string& name, const Shape& shape, DType dtype, std::uint64_t seed) {
  for (const auto& [known, generator] : generators)
    if (known == name) {
      Image image(shape, dtype);
      generator(image, seed);
      return image;
    }
  throw BadInput("no data set '" + name + "'; there are " + join(dataset_names(), ", "));
}

Nuclei generate_nuclei(const Shape& shape, DType dtype, std::uint64_t seed) {
  Nuclei nuclei{Image(shape, dtype), Image(shape, DType::u32)};
  visit(dtype, [&]<class T>(std::type_identity<T>) { draw_nuclei<T>(nuclei, seed); });
  return nuclei;
}

}  // namespace voxelmark
