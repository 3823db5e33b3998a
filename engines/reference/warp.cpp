// Values between voxels: affine transforms, resampling, radial reslices.
#include "engines/operations/affine_transform.hpp"
#include "engines/operations/radial_reslice.hpp"
#include "engines/operations/resample.hpp"
#include "engines/reference/reference.hpp"

namespace voxelmark::reference {

namespace {

struct Position {
  FixedPoint x, y, z;
};

double at(const Image& image, std::int64_t x, std::int64_t y, std::int64_t z, bool clamps) {
  const Shape& shape = image.shape();
  const bool inside = x >= 0 && x < shape.x && y >= 0 && y < shape.y && z >= 0 && z < shape.z;
  return inside || clamps ? clamped(image, x, y, z) : 0;
}

double sampled(const Image& image, const Position& p, Sampling sampling) {
  const bool clamps = sampling == Sampling::linear_clamp || sampling == Sampling::floored_clamp;
  const auto whole = [](FixedPoint c) { return c >> fraction_bits; };  // rounds downwards
  if (sampling == Sampling::floored_clamp)
    return at(image, whole(p.x), whole(p.y), whole(p.z), clamps);
  constexpr FixedPoint half = one_voxel / 2;
  if (sampling == Sampling::nearest_zero)
    return at(image, whole(p.x + half), whole(p.y + half), whole(p.z + half), clamps);
  if (image.dtype() != DType::f32) {
    const auto level = [&](int dx, int dy, int dz) {
      return static_cast<std::int64_t>(
          at(image, whole(p.x) + dx, whole(p.y) + dy, whole(p.z) + dz, clamps));
    };
    const auto in_slice = [&](int dz) {
      return narrowed(between(between(level(0, 0, dz), level(1, 0, dz), weight(p.x)),
                              between(level(0, 1, dz), level(1, 1, dz), weight(p.x)), weight(p.y)));
    };
    return static_cast<double>(whole_level(between(in_slice(0), in_slice(1), weight(p.z))));
  }
  double sum = 0;
  for (const int dz : {0, 1})
    for (const int dy : {0, 1})
      for (const int dx : {0, 1}) {
        const auto share = [](FixedPoint c, int d) {
          const double fraction =
              static_cast<double>(c & (one_voxel - 1)) / static_cast<double>(one_voxel);
          return d ? fraction : 1 - fraction;
        };
        const double w = share(p.x, dx) * share(p.y, dy) * share(p.z, dz);
        if (w > 0) sum += w * at(image, whole(p.x) + dx, whole(p.y) + dy, whole(p.z) + dz, clamps);
      }
  return sum;
}

void warp(const Job& job, const Region& region, std::span<double> values, const SourceMap& map,
          Sampling sampling) {
  for_each_voxel(region, values, [&](auto x, auto y, auto z, double& value) {
    value = sampled(job.input(), {map.at(0, x, y, z), map.at(1, x, y, z), map.at(2, x, y, z)},
                    sampling);
  });
}

}  // namespace

void affine_transform(const Job& job, const Region& region, std::span<double> values) {
  warp(job, region, values, affine_map(job.operation.dims, job.parameters, job.input().shape()),
       affine_sampling(job.parameters));
}

void translate(const Job& job, const Region& region, std::span<double> values) {
  warp(job, region, values, translation_map(job.parameters, job.input().shape()),
       affine_sampling(job.parameters));
}

void scale(const Job& job, const Region& region, std::span<double> values) {
  warp(job, region, values, scale_map(job.operation.dims, job.parameters, job.input().shape()),
       affine_sampling(job.parameters));
}

void rotate_angle(const Job& job, const Region& region, std::span<double> values) {
  warp(job, region, values, rotation_map(job.parameters, job.input().shape()),
       affine_sampling(job.parameters));
}

void resample(const Job& job, const Region& region, std::span<double> values) {
  warp(job, region, values, resampling_map(job.operation.dims, job.parameters, job.input().shape()),
       Sampling::linear_clamp);
}

void radial_reslice(const Job& job, const Region& region, std::span<double> values) {
  const auto directions = radial_directions(job.parameters);
  const Shape& shape = job.input().shape();
  for_each_voxel(region, values, [&](auto radius, auto z, auto angle, double& value) {
    const Position position{shape.x / 2 * one_voxel + radius * directions[2 * angle],
                            shape.y / 2 * one_voxel + radius * directions[2 * angle + 1],
                            z * one_voxel};
    value = sampled(job.input(), position, radial_sampling(job.parameters));
  });
}

}  // namespace voxelmark::reference
