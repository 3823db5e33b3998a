#include "engines/reference/reference.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "engines/core/error.hpp"
#include "engines/core/interrupt.hpp"

namespace voxelmark::reference {

std::variant<Evaluate, Whole> definition(const std::string& family) {
  static const std::map<std::string, std::variant<Evaluate, Whole>> definitions{
#define VOXELMARK_VOXELWISE(family, function) {#family, Evaluate(function)},
#define VOXELMARK_WHOLE(family, function) {#family, Whole(function)},
#include "engines/reference/families.def"
  };
  const auto found = definitions.find(family);
  if (found == definitions.end()) throw std::logic_error("the reference does not define " + family);
  return found->second;
}

bool voxelwise(const std::string& family) {
  return std::holds_alternative<Evaluate>(definition(family));
}

namespace {

/// Slices along z; of a 2D image, bands of rows.
std::vector<Region> slabs(const Shape& shape) {
  std::vector<Region> result;
  if (shape.z > 1) {
    for (std::int64_t z = 0; z < shape.z; ++z) result.push_back({{0, 0, z}, {shape.x, shape.y, 1}});
  } else {
    constexpr std::int64_t band = 16;
    for (std::int64_t y = 0; y < shape.y; y += band)
      result.push_back({{0, y, 0}, {shape.x, std::min(band, shape.y - y), 1}});
  }
  return result;
}

void store(std::span<const double> values, Image& output, std::int64_t first) {
  visit(output.dtype(), [&]<class T>(std::type_identity<T>) {
    std::transform(values.begin(), values.end(), output.pixels<T>().begin() + first,
                   to_pixel<T, double>);
  });
}

}  // namespace

void compute(const Job& job, Image& output) {
  const auto defined = definition(job.operation.family);
  if (const auto* whole = std::get_if<Whole>(&defined)) return (*whole)(job, output);
  const auto evaluate = std::get<Evaluate>(defined);
  const auto regions = slabs(output.shape());
  tbb::parallel_for(std::size_t{0}, regions.size(), [&](std::size_t i) {
    if (interrupt_requested) throw Interrupted();
    const Region& region = regions[i];
    std::vector<double> values(static_cast<std::size_t>(region.extent.voxels()));
    evaluate(job, region, values);
    store(values, output, offset(output.shape(), 0, region.origin.y, region.origin.z));
  });
}

Image compute_at(const Job& job, std::span<const Index> voxels) {
  const auto evaluate = std::get<Evaluate>(definition(job.operation.family));
  Image output({static_cast<std::int64_t>(voxels.size()), 1, 1},
               job.operation.result_dtype(job.parameters, job.input().dtype()));
  tbb::parallel_for(std::size_t{0}, voxels.size(), [&](std::size_t i) {
    if (interrupt_requested) throw Interrupted();
    double value = 0;
    evaluate(job, {voxels[i], {1, 1, 1}}, {&value, 1});
    store({&value, 1}, output, static_cast<std::int64_t>(i));
  });
  return output;
}

}  // namespace voxelmark::reference
