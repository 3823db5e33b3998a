#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "engines/core/image.hpp"

// Extents of convex hulls of points with whole coordinates. Which vertices span a polygon, and
// which vertices, edges and faces of a hull lie opposite each other, is found in 64-bit integers
// without rounding, for neither depends on the spacing of the axes; lengths alone are rounded.

namespace voxelmark {

/// Whole coordinates x, y, z, or a vector between two such points.
using LatticePoint = std::array<std::int64_t, 3>;

/// Of a set of points, in the unit of the spacing.
struct Calipers {
  double feret_diameter = 0;  ///< the greatest distance between two points
  double min_caliper = 0;     ///< the least between parallel lines (planes) that enclose all
};

/// The vertices of the convex hull of points that share their coordinate along the axis `normal`
/// (0 for x), without points inside an edge; one or two where the points lie on a line. From the
/// least on, counter-clockwise where the first of the two other axes points right and the second
/// up. Andrew's monotone chain, O(n log n).
///
/// @param points  coordinates that differ by no more than 2^30
std::vector<LatticePoint> convex_polygon(std::vector<LatticePoint> points, int normal);

/// Of a polygon of convex_polygon(points, 2), by rotating calipers in O(n). A polygon of one or two
/// vertices has the caliper 0.
///
/// @param spacing  length of the unit of the coordinates, per axis
Calipers polygon_calipers(const std::vector<LatticePoint>& polygon, const Spacing& spacing);

/// Of points in space, at least one. The hull is Qhull's; a walk about the Gauss map finds the
/// opposite pairs of edges, and of vertices and faces, in time proportional to their count. Points
/// in one plane have the caliper 0.
///
/// Source of the pairs: M. E. Houle and G. T. Toussaint, Computing the width of a set, IEEE Trans.
/// PAMI 10 (1988) 761-765.
///
/// @param points  coordinates that differ by no more than 2^20
/// @param spacing  length of the unit of the coordinates, per axis
/// @throws std::runtime_error where Qhull fails
Calipers solid_calipers(std::vector<LatticePoint> points, const Spacing& spacing);

}  // namespace voxelmark
