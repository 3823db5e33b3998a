#pragma once
#include <string>
#include <vector>

#include "engines/core/image.hpp"

namespace voxelmark {

/// Which points of its voxels an object's hull encloses: the corners of the voxels (ImageJ), the
/// middles of their faces, in 2D of their edges (scikit-image), or their centres (ITK). The Feret
/// diameter of 10 x 10 pixels is 14.14, 13.45 or 12.73.
enum class FeretPoints { corners, edges, centers };

/// One row per object, as write_csv takes it.
struct ObjectTable {
  std::vector<std::string> columns;
  Image rows;  ///< f64; as many columns an x as there are names, one object a y
};

/// Measures every label that occurs in `labels` (u32, background 0), in rising order; voxels of one
/// label are one object, connected or not. Lengths are in µm, by the labels' spacing s; an image of
/// one slice is 2D.
///
/// - label; voxels, their count n; area, n s_x s_y in µm² (2D), or volume, n s_x s_y s_z in µm³
/// (3D)
/// - centroid_x, centroid_y, centroid_z: the mean of the voxels' centres, which lie at whole
///   coordinates times s
/// - first_x … last_z: the bounding box, both ends inside, in voxels counted from 0
/// - mean, minimum, maximum, sum of the voxels in `intensity`; without it, the table lacks these
///   columns. Sums of integers are exact, those of float32 compensated (Neumaier's) in double. NaN
///   among the voxels makes all four NaN.
/// - major_axis, minor_axis, of the ellipse (ellipsoid) of the same second moments: with
///   c1 >= c2 (>= c3) the eigenvalues of the covariance of the centres in µm (divided by n, voxels
///   as points), 4 sqrt(c1) and 4 sqrt(c2) in 2D, sqrt(20 c1) and sqrt(20 c3) in 3D. These are
///   axis_major_length and axis_minor_length of scikit-image's regionprops: in 3D it takes the
///   eigenvalues e1 >= e2 >= e3 of the inertia tensor, e1 + e2 - e3 = 2 c1 and
///   -e1 + e2 + e3 = 2 c3; the pixel's own moment of 1/12, which MATLAB adds, is in neither. The
///   sums are exact; an axis of length 0 may come out as up to 1e-9 of the other.
/// - feret_diameter: the greatest distance between two points of the convex hull
/// - min_caliper: the least distance between two parallel lines (planes in 3D) that enclose it; 0
///   where the hull has no area (volume)
///
/// scikit-image's feret_diameter_max differs from FeretPoints::edges: it takes the edges of the
/// pixels whose centres lie in the hull, some of which are not the object's, and so exceeds this by
/// up to one pixel. It is the same for an object that has these pixels all.
///
/// @param intensity  u8, u16 or f32 of the labels' shape, or null
/// @param points  what feret_diameter and min_caliper enclose
/// @return without any label, a table of no rows
/// @throws std::logic_error where shapes differ or a type is another; BadInput where a spacing is
///   not positive; NotMeasurable for an image longer than 2^29 pixels (2D) or 2^19 voxels (3D)
///
/// Runs on TBB's threads; besides the table, 16 bytes per run of a label in a row.
ObjectTable measure_objects(const Image& labels, const Image* intensity = nullptr,
                            FeretPoints points = FeretPoints::corners);

}  // namespace voxelmark
