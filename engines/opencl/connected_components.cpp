#include "engines/operations/connected_components.hpp"

#include <algorithm>
#include <bit>

#include "engines/opencl/opencl_operations.hpp"

namespace voxelmark::opencl {

void inclusive_scan(PlanBuilder& plan, const Memory& values, std::int64_t count) {
  constexpr std::int64_t items = 16;  // as in the kernel
  constexpr std::size_t largest_group = 256;
  const auto group = static_cast<std::int64_t>(plan.groups(1, largest_group).local.get()[0]);
  const std::int64_t blocks = pieces(count, group * items);
  const PlanBuilder::Range range = plan.groups(blocks, largest_group);
  const auto sums = cl::Local(static_cast<std::size_t>(group) * sizeof(cl_uint));
  const PlanBuilder::Types types{DType::u32, DType::u32};
  if (blocks == 1)
    return plan.launch("scan:running_sums", types, range, values, cl_long{count}, values, sums);
  const Scratch totals = plan.scratch(static_cast<std::size_t>(blocks) * sizeof(cl_uint));
  plan.launch("scan:block_sums", types, range, values, cl_long{count}, totals, sums);
  inclusive_scan(plan, totals, blocks);
  plan.launch("scan:running_sums", {DType::u32, DType::u32, "-D HAS_TOTALS"}, range, values,
              cl_long{count}, totals, sums);
}

namespace {

constexpr std::int64_t words_of_block = 256;  // as in the kernels

/// How the kernels see an image: rows of words of 32 voxels, of which each has slots for its runs.
struct Words {
  explicit Words(const Shape& shape)
      : columns((shape.x + 31) / 32),
        count(columns * shape.y * shape.z),
        slot_bits(static_cast<int>(std::bit_width(
            static_cast<std::uint64_t>((std::min<std::int64_t>(shape.x, 32) - 1) / 2)))),
        height_bits(shape.z == 1   ? 8
                    : shape.z < 16 ? 6
                                   : 4) {}

  /// A block is one word wide, and has 256 of them.
  std::int64_t blocks(const Shape& shape) const {
    const std::int64_t height = std::int64_t{1} << height_bits, depth = words_of_block / height;
    return columns * pieces(shape.y, height) * pieces(shape.z, depth);
  }

  std::int64_t columns, count;
  cl_int slot_bits;    ///< a word has 2^slot_bits slots, as many as it can have runs
  cl_int height_bits;  ///< a block has 2^height_bits rows
};

}  // namespace

void components(PlanBuilder& plan, const Memory& mask, DType mask_type, const Memory& labels,
                const Shape& shape, bool box) {
  require_countable(shape);
  const Words image(shape);
  const auto words_in = [&](std::int64_t count, std::size_t bytes) {
    return plan.scratch(static_cast<std::size_t>(count) * bytes);
  };
  const std::int64_t slots = image.count << image.slot_bits,
                     groups = pieces(image.count, words_of_block);
  const Scratch words = words_in(image.count, sizeof(cl_uint)),
                parents = words_in(slots, sizeof(cl_uint)),
                roots = words_in(slots, sizeof(cl_uint)),
                numbers = words_in(image.count, sizeof(cl_uint2)),
                totals = words_in(groups, sizeof(cl_uint));
  const auto each_block = plan.groups(image.blocks(shape), words_of_block),
             each_group = plan.groups(groups, words_of_block);
  std::string options = "-D GROUP=" + std::to_string(each_group.local.get()[0]);
  if (box) options += " -D BOX";
  if (shape.x % 4 == 0) options += " -D WHOLE_QUADS";
  const PlanBuilder::Types types{mask_type, DType::u32, options};
  const auto columns = static_cast<cl_uint>(image.columns), height = static_cast<cl_uint>(shape.y),
             count = static_cast<cl_uint>(image.count);
  plan.launch("connected_components:label_blocks", types, each_block, mask, cl_long{shape.x},
              cl_long{shape.y}, cl_long{shape.z}, image.height_bits, image.slot_bits, words,
              parents);
  plan.launch("connected_components:merge_blocks", types, plan.line(image.count), words, parents,
              columns, height, count, image.height_bits, image.slot_bits);
  plan.launch("connected_components:number_roots", types, each_group, words, parents, count,
              image.slot_bits, roots, numbers, totals);
  inclusive_scan(plan, totals, groups);
  plan.launch("connected_components:write_labels", types, each_group, words, roots, numbers, totals,
              columns, count, cl_long{shape.x}, image.slot_bits, labels);
}

Prepared connected_components(PlanBuilder& plan) {
  components(plan, plan.input(), plan.dtype(), plan.output(), plan.shape(),
             box_neighbours(plan.parameters()));
  return plan.finish();
}

}  // namespace voxelmark::opencl
