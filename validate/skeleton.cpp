#include "validate/skeleton.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>
#include <vector>

namespace voxelmark {

namespace {

/// A voxel's 3x3x3 surroundings, x fastest; the centre is number 13.
using Neighbourhood = std::array<bool, 27>;
constexpr int centre = 13;

int distance_class(int i) {  // 1: face, 2: edge, 3: corner neighbour of the centre
  return (i % 3 != 1) + (i / 3 % 3 != 1) + (i / 9 != 1);
}

bool touch(int i, int j, bool by_faces) {
  const int dx = std::abs(i % 3 - j % 3), dy = std::abs(i / 3 % 3 - j / 3 % 3),
            dz = std::abs(i / 9 - j / 9);
  return by_faces ? dx + dy + dz == 1 : std::max({dx, dy, dz}) == 1;
}

/// Components of the members that `counts` lets count, connected by faces or in any way.
template <class Member, class Counts>
int components(const Member& member, bool by_faces, const Counts& counts) {
  std::array<bool, 27> seen{};
  int count = 0;
  for (int start = 0; start < 27; ++start) {
    if (seen[start] || !member(start)) continue;
    bool counted = false;
    std::array<int, 27> stack{start};
    int size = 1;
    seen[start] = true;
    while (size > 0) {
      const int i = stack[--size];
      counted |= counts(i);
      for (int j = 0; j < 27; ++j)
        if (!seen[j] && member(j) && touch(i, j, by_faces)) {
          seen[j] = true;
          stack[size++] = j;
        }
    }
    count += counted;
  }
  return count;
}

/// One object in the neighbourhood, and one piece of background that reaches a face of the centre
/// (through edge neighbours at most). In 2D all of the other slices is left out.
bool simple(const Neighbourhood& n, bool flat) {
  const auto inside = [&](int i) { return i != centre && (!flat || i / 9 == 1); };
  const auto always = [](int) { return true; };
  if (components([&](int i) { return inside(i) && n[i]; }, false, always) != 1) return false;
  const int farthest = 2;
  return components([&](int i) { return inside(i) && !n[i] && distance_class(i) <= farthest; },
                    true, [](int i) { return distance_class(i) == 1; }) == 1;
}

struct Thinner {
  std::vector<std::uint8_t> voxels;  // with a border of background around
  std::int64_t width, plane;
  bool flat;

  Neighbourhood around(std::int64_t at) const {
    Neighbourhood n;
    for (int i = 0; i < 27; ++i)
      n[i] = voxels[static_cast<std::size_t>(at + (i / 9 - 1) * plane + (i / 3 % 3 - 1) * width +
                                             i % 3 - 1)];
    return n;
  }
  static bool line_end(const Neighbourhood& n) {
    return std::count(n.begin(), n.end(), true) <= 2;  // the centre and one more
  }

  /// Peels from one side; gives whether anything went.
  bool peel(std::vector<std::int64_t>& left, std::int64_t towards_outside) {
    std::vector<std::int64_t> candidates;
    for (const std::int64_t at : left) {
      if (voxels[static_cast<std::size_t>(at + towards_outside)]) continue;
      const Neighbourhood n = around(at);
      if (!line_end(n) && simple(n, flat)) candidates.push_back(at);
    }
    bool changed = false;
    for (const std::int64_t at : candidates) {
      const Neighbourhood n = around(at);  // as neighbours have left it
      if (line_end(n) || !simple(n, flat)) continue;
      voxels[static_cast<std::size_t>(at)] = 0;
      changed = true;
    }
    if (changed)
      std::erase_if(left, [&](std::int64_t at) { return !voxels[static_cast<std::size_t>(at)]; });
    return changed;
  }
};

/// The share of `line` that lies in `mask`; both have the same shape.
Value share(const Image& line, const Image& mask) {
  const auto voxels = line.pixels<std::uint8_t>();
  double all = 0, covered = 0;
  visit(mask.dtype(), [&]<class T>(std::type_identity<T>) {
    const auto inside = mask.pixels<T>();
    for (std::size_t i = 0; i < voxels.size(); ++i) {
      all += voxels[i];
      covered += voxels[i] && inside[i] != T{};
    }
  });
  return ratio(covered, all, "empty");
}

}  // namespace

Image skeleton(const Image& mask) {
  const Shape& shape = mask.shape();
  Thinner thinner{{}, shape.x + 2, (shape.x + 2) * (shape.y + 2), shape.z == 1};
  thinner.voxels.resize(static_cast<std::size_t>(thinner.plane * (shape.z + 2)));
  std::vector<std::int64_t> left;
  const auto place = [&](std::int64_t x, std::int64_t y, std::int64_t z) {
    return (z + 1) * thinner.plane + (y + 1) * thinner.width + x + 1;
  };
  const auto for_each = [&](const auto& f) {
    std::size_t i = 0;
    for (std::int64_t z = 0; z < shape.z; ++z)
      for (std::int64_t y = 0; y < shape.y; ++y)
        for (std::int64_t x = 0; x < shape.x; ++x) f(i++, place(x, y, z));
  };
  visit(mask.dtype(), [&]<class T>(std::type_identity<T>) {
    const auto pixels = mask.pixels<T>();
    for_each([&](std::size_t i, std::int64_t at) {
      if (pixels[i] == T{}) return;
      thinner.voxels[static_cast<std::size_t>(at)] = 1;
      left.push_back(at);
    });
  });
  std::vector<std::int64_t> sides{-thinner.width, thinner.width, 1, -1};
  if (!thinner.flat) sides.insert(sides.end(), {-thinner.plane, thinner.plane});
  for (bool changed = true; changed;) {
    changed = false;
    for (const std::int64_t side : sides) changed |= thinner.peel(left, side);
  }
  Image result(shape, DType::u8);
  for_each([&](std::size_t i, std::int64_t at) {
    result.pixels<std::uint8_t>()[i] = thinner.voxels[static_cast<std::size_t>(at)];
  });
  return result;
}

Value centre_line_dice(const Image& reference, const Image& test) {
  if (reference.shape() != test.shape())
    throw std::logic_error("centre lines of images of different shape");
  const Value in_test = share(skeleton(reference), test);
  const Value in_reference = share(skeleton(test), reference);
  if (!in_test && !in_reference) return Undefined{"both sides are empty"};
  if (!in_test || !in_reference || *in_test + *in_reference == 0) return 0.0;
  return 2 * *in_test * *in_reference / (*in_test + *in_reference);
}

}  // namespace voxelmark
