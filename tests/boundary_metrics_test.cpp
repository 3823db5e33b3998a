// Distances, boundaries and centre lines, with literals and by brute force.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "engines/core/distance_map.hpp"
#include "tests/drawn_masks.hpp"
#include "validate/boundary.hpp"
#include "validate/skeleton.hpp"

namespace voxelmark {
namespace {

std::vector<double> distances(const DistanceMap& map) {
  return map.visit_squares([&](const auto squares) {
    std::vector<double> result;
    for (const auto square : squares)
      result.push_back(map.scale() * std::sqrt(static_cast<double>(square)));
    return result;
  });
}

TEST(Distances, AreThoseOfBruteForce) {
  std::mt19937 random(2);
  const std::vector<Shape> shapes{{1, 1, 1},  {9, 1, 1},   {1, 9, 1},   {1, 1, 9},   {13, 7, 5},
                                  {40, 3, 2}, {3, 150, 1}, {2, 3, 130}, {33, 34, 1}, {50, 90, 1}};
  for (const Shape& shape : shapes)
    for (const Spacing& spacing :
         {Spacing{1, 1, 1}, Spacing{0.25, 0.25, 0.25}, Spacing{0.2, 0.3, 1.7}})
      for (const unsigned rarity : {1u, 4u, 40u, 1000u}) {
        std::vector<std::uint8_t> flags(static_cast<std::size_t>(shape.voxels()));
        for (auto& flag : flags) flag = static_cast<std::uint8_t>(random() % rarity == 0 ? 6 : 1);
        const auto found = distances(DistanceMap(flags, 2, shape, spacing));
        std::size_t i = 0;
        for (std::int64_t z = 0; z < shape.z; ++z)
          for (std::int64_t y = 0; y < shape.y; ++y)
            for (std::int64_t x = 0; x < shape.x; ++x, ++i) {
              double nearest = std::numeric_limits<double>::infinity();
              std::size_t j = 0;
              for (std::int64_t c = 0; c < shape.z; ++c)
                for (std::int64_t b = 0; b < shape.y; ++b)
                  for (std::int64_t a = 0; a < shape.x; ++a, ++j)
                    if (flags[j] & 2)
                      nearest =
                          std::min(nearest, std::hypot(spacing.x * static_cast<double>(x - a),
                                                       spacing.y * static_cast<double>(y - b),
                                                       spacing.z * static_cast<double>(z - c)));
              if (std::isinf(nearest))
                ASSERT_EQ(found[i], nearest);
              else
                ASSERT_NEAR(found[i], nearest, 1e-13 * (1 + nearest))
                    << x << " " << y << " " << z << " of " << to_string(shape, 3);
            }
      }
}

TEST(Distances, FarSeeds) {
  // Beyond the width that is searched step by step, in both kinds of numbers.
  for (const Spacing& spacing : {Spacing{1, 1, 1}, Spacing{1, 1.5, 1}}) {
    const Shape shape{70, 600, 1};
    std::vector<std::uint8_t> flags(static_cast<std::size_t>(shape.voxels()));
    flags[0] = flags[static_cast<std::size_t>(offset(shape, 69, 599, 0))] = 1;
    const auto found = distances(DistanceMap(flags, 1, shape, spacing));
    for (std::int64_t y = 0; y < shape.y; ++y)
      for (std::int64_t x = 0; x < shape.x; ++x) {
        const auto from = [&](std::int64_t a, std::int64_t b) {
          return std::hypot(static_cast<double>(x - a), spacing.y * static_cast<double>(y - b));
        };
        ASSERT_NEAR(found[static_cast<std::size_t>(offset(shape, x, y, 0))],
                    std::min(from(0, 0), from(69, 599)), 1e-10);
      }
  }
}

TEST(Boundary, SquaresThatAreShifted) {
  const Image a = mask({"......", ".11...", ".11...", "......"}),
              b = mask({"......", "...11.", "...11.", "......"});
  const BoundaryAgreement f =
      boundary_agreement(a, b, {.spacing = {1, 1, 1}, .tau = 1.0, .band = 0.0});
  EXPECT_EQ(f.reference_contour, 4);
  EXPECT_DOUBLE_EQ(*f.hausdorff, 2);
  EXPECT_DOUBLE_EQ(*f.contour_a_to_b, 1.5);
  EXPECT_DOUBLE_EQ(*f.contour_bilateral, 1.5);
  EXPECT_DOUBLE_EQ(*f.assd, 1.5);
  EXPECT_DOUBLE_EQ(*f.nsd, 0.5);
  EXPECT_EQ(*f.boundary_iou, 0);
  // 5 µm a step along x.
  EXPECT_DOUBLE_EQ(*boundary_agreement(a, b, {.spacing = {5, 1, 1}}).hausdorff, 10);
  EXPECT_DOUBLE_EQ(*boundary_agreement(a, b, {.spacing = {1, 5, 1}}).hausdorff, 2);
}

TEST(Boundary, DirectionsDiffer) {
  const Image small = mask({"11........"}), large = mask({"11......11"});
  const BoundaryAgreement f = boundary_agreement(small, large, {});
  EXPECT_EQ(*f.hausdorff_reference_to_test, 0);
  EXPECT_EQ(*f.hausdorff_test_to_reference, 8);
  EXPECT_EQ(*f.hausdorff, 8);
  EXPECT_EQ(*f.contour_a_to_b, 0);
  EXPECT_EQ(*f.contour_b_to_a, 3.75);
  EXPECT_EQ(*f.contour_bilateral, 1.875);
  EXPECT_EQ(*f.assd, 15.0 / 6);  // pooled, which is not the mean of both directions
  EXPECT_DOUBLE_EQ(*f.hd95, 7 + 0.85);
}

TEST(Boundary, SetsAndContoursDiffer) {
  // A hole: from its voxels the other set is far, from the contour it is not.
  const Image full = mask({"1111111", "1111111", "1111111", "1111111", "1111111"}),
              frame = mask({"1111111", "1.....1", "1.....1", "1.....1", "1111111"});
  const BoundaryAgreement f = boundary_agreement(frame, full, {});
  EXPECT_EQ(*f.hausdorff, 2);
  EXPECT_EQ(*f.hausdorff_simplified, 0);
  // Where the border is inside, the frame's contour is its inner side, and the full image has none.
  expect_undefined(boundary_agreement(frame, full, {.border_is_outside = false}).assd,
                   "without a contour");
}

TEST(Boundary, EmptySides) {
  const Image empty = mask({"....", "...."}), some = mask({".1..", "...."});
  for (const auto& f : {boundary_agreement(empty, some, {.tau = 1.0}),
                        boundary_agreement(some, empty, {.tau = 1.0})}) {
    for (const Value& value :
         {f.hausdorff, f.hausdorff_simplified, f.hd95, f.contour_a_to_b, f.assd})
      expect_undefined(value, BoundaryAgreement::one_side_empty);
    EXPECT_EQ(*f.nsd, 0);
    EXPECT_EQ(*f.boundary_iou, 0);
  }
  const BoundaryAgreement none = boundary_agreement(empty, empty, {.tau = 1.0});
  for (const Value& value : {none.hausdorff, none.assd, none.nsd, none.boundary_iou})
    expect_undefined(value, "both sides are empty");
  expect_undefined(boundary_agreement(some, some, {}).nsd, "--tau");
  EXPECT_THROW(boundary_agreement(some, mask({"1"}), {}), std::logic_error);
}

TEST(Skeleton, KeepsPartsHolesAndEnds) {
  const Image thick =
      mask({"............", ".1111111111.", ".1111111111.", ".1111111111.", "............"});
  const Image line = skeleton(thick);
  std::int64_t count = 0;
  for (const auto value : line.pixels<std::uint8_t>()) count += value;
  EXPECT_GE(count, 6);
  EXPECT_LE(count, 12);
  const Image ring = mask({"11111", "1...1", "1...1", "11111"});
  const Image thin = skeleton(ring);
  EXPECT_EQ(thin.pixels<std::uint8_t>()[6], 0);
  EXPECT_GE(std::count(thin.pixels<std::uint8_t>().begin(), thin.pixels<std::uint8_t>().end(), 1),
            10);
  EXPECT_EQ(*centre_line_dice(thick, thick), 1);
  EXPECT_EQ(*centre_line_dice(thick, mask(std::vector<std::string>(5, std::string(12, '.')))), 0);
  expect_undefined(centre_line_dice(mask({".."}), mask({".."})), "both");
}

TEST(Skeleton, OfABallIsAPointAndOfAShellAShell) {
  const Shape shape{15, 15, 15};
  std::vector<std::uint8_t> ball, shell;
  for (std::int64_t z = 0; z < 15; ++z)
    for (std::int64_t y = 0; y < 15; ++y)
      for (std::int64_t x = 0; x < 15; ++x) {
        const auto r = (x - 7) * (x - 7) + (y - 7) * (y - 7) + (z - 7) * (z - 7);
        ball.push_back(r <= 36);
        shell.push_back(r <= 36 && r >= 16);
      }
  const auto size = [&](const std::vector<std::uint8_t>& voxels) {
    const Image line = skeleton(image_of(shape, voxels));
    return std::count(line.pixels<std::uint8_t>().begin(), line.pixels<std::uint8_t>().end(), 1);
  };
  EXPECT_GE(size(ball), 1);
  EXPECT_LE(size(ball), 8);
  EXPECT_GE(size(shell), 60);  // the hollow inside stays closed
}

/// Connected components of the voxels that are `inside`, in a frame of background: of an object in
/// any way, of background by faces.
int components(const Image& mask, bool inside) {
  const Shape& shape = mask.shape();
  const auto pixels = mask.pixels<std::uint8_t>();
  const std::int64_t deep = shape.z == 1 ? 0 : 1;
  const Shape framed{shape.x + 2, shape.y + 2, shape.z + 2 * deep};
  std::vector<char> left(static_cast<std::size_t>(framed.voxels()), !inside);
  for (std::int64_t z = 0; z < shape.z; ++z)
    for (std::int64_t y = 0; y < shape.y; ++y)
      for (std::int64_t x = 0; x < shape.x; ++x)
        left[static_cast<std::size_t>(offset(framed, x + 1, y + 1, z + deep))] =
            (pixels[static_cast<std::size_t>(offset(shape, x, y, z))] != 0) == inside;
  int count = 0;
  for (std::int64_t start = 0; start < framed.voxels(); ++start) {
    if (!left[static_cast<std::size_t>(start)]) continue;
    ++count;
    std::vector<std::int64_t> stack{start};
    left[static_cast<std::size_t>(start)] = 0;
    while (!stack.empty()) {
      const std::int64_t at = stack.back();
      stack.pop_back();
      const std::int64_t x = at % framed.x, y = at / framed.x % framed.y,
                         z = at / (framed.x * framed.y);
      for (std::int64_t c = std::max<std::int64_t>(z - 1, 0); c <= std::min(z + 1, framed.z - 1);
           ++c)
        for (std::int64_t b = std::max<std::int64_t>(y - 1, 0); b <= std::min(y + 1, framed.y - 1);
             ++b)
          for (std::int64_t a = std::max<std::int64_t>(x - 1, 0);
               a <= std::min(x + 1, framed.x - 1); ++a) {
            if (!inside && (a != x) + (b != y) + (c != z) > 1) continue;
            const auto next = static_cast<std::size_t>(offset(framed, a, b, c));
            if (!left[next]) continue;
            left[next] = 0;
            stack.push_back(static_cast<std::int64_t>(next));
          }
    }
  }
  return count;
}

TEST(Skeleton, BreaksAndJoinsNothing) {
  std::mt19937 random(4);
  for (int repeat = 0; repeat < 60; ++repeat) {
    const Shape shape = repeat % 2 ? Shape{14, 12, 8} : Shape{24, 20, 1};
    std::vector<std::uint8_t> voxels(static_cast<std::size_t>(shape.voxels()));
    for (auto& voxel : voxels) voxel = random() % 10 < (repeat % 2 ? 3 : 6);
    const Image image = image_of(shape, voxels), line = skeleton(image);
    EXPECT_EQ(components(line, true), components(image, true)) << "parts of mask " << repeat;
    EXPECT_EQ(components(line, false), components(image, false)) << "holes of mask " << repeat;
  }
}

}  // namespace
}  // namespace voxelmark
