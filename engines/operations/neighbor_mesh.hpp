#pragma once
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "engines/core/operation.hpp"
#include "engines/operations/label_statistics.hpp"

// The mesh between touching labels. kernels/neighbor_mesh.cl holds the same steps, in the same
// order where rounding could decide.

namespace voxelmark {

/// A label's centroid in µm; NaN where no voxel has the label.
using Node = std::array<double, 3>;

inline Node mesh_node(const std::array<double, 4>& centroid, const PerAxis& spacing) {
  return {centroid[1] * static_cast<double>(spacing.x),
          centroid[2] * static_cast<double>(spacing.y),
          centroid[3] * static_cast<double>(spacing.z)};
}

/// The mean of the nodes that are there, in an order of additions that every engine can keep: 256
/// sums of every 256th node, joined in halves.
inline Node mean_node(const std::vector<Node>& nodes) {
  constexpr std::size_t lanes = 256;
  std::vector<Node> sums(lanes, Node{});
  double count = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (std::isnan(nodes[i][0])) continue;
    for (int axis = 0; axis < 3; ++axis) sums[i % lanes][axis] += nodes[i][axis];
    ++count;
  }
  for (std::size_t half = lanes / 2; half > 0; half /= 2)
    for (std::size_t i = 0; i < half; ++i)
      for (int axis = 0; axis < 3; ++axis) sums[i][axis] += sums[i + half][axis];
  return {sums[0][0] / count, sums[0][1] / count, sums[0][2] / count};
}

/// The cosine of the ray's cone.
inline double cone_cosine(const Parameters& parameters) {
  return std::cos(static_cast<double>(parameters.number("angle")) * std::numbers::pi / 180);
}

/// Whether `other` lies inside the cone about the ray from `node` away from the mean.
inline bool lies_ahead(const Node& node, const Node& mean, const Node& other, double cosine) {
  const Node ray{node[0] - mean[0], node[1] - mean[1], node[2] - mean[2]},
      to{other[0] - node[0], other[1] - node[1], other[2] - node[2]};
  const double along = to[0] * ray[0] + to[1] * ray[1] + to[2] * ray[2];
  const double distance2 = to[0] * to[0] + to[1] * to[1] + to[2] * to[2],
               length2 = ray[0] * ray[0] + ray[1] * ray[1] + ray[2] * ray[2];
  return along >= cosine * std::sqrt(distance2 * length2);
}

inline double node_distance(const Node& a, const Node& b) {
  const double x = b[0] - a[0], y = b[1] - a[1], z = b[2] - a[2];
  return std::sqrt(x * x + y * y + z * z);
}

inline Operation neighbor_mesh(int dims) {
  Operation operation = label_table("NeighborMesh", dims);
  operation.definition =
      "One row for each label from 1 to the largest, about the mesh whose nodes are the labels' "
      "centroids (in µm: Centroids times spacing) and whose edges join labels that touch, that "
      "is, have voxels next to each other across a face: the label; how many labels it touches; "
      "the mean distance of their nodes from its own, NaN where there is none; and surface, 1 "
      "where a ray from the node away from the mean of all nodes meets no other node, else 0. The "
      "ray meets a node q if the direction from the node p to q differs from that of the ray, p - "
      "m, by `angle` or less: (q - p)(p - m) >= cos(angle) |q - p| |p - m|; a node at the mean is "
      "met by all others. Of a label that no voxel has, 0 neighbours and NaN. Without any label "
      "the table is the row of label 1. Time grows with the square of the labels' count.";
  operation.inputs = {Role::labels};
  operation.dtypes = {DType::u32};
  operation.columns = {"label", "neighbors", "mean distance", "surface"};
  operation.parameters = {
      {.name = "spacing",
       .default_value = PerAxis{1, 1, dims == 3 ? 1.0f : 0.0f},
       .minimum = 0,
       .maximum = 1e6f,
       .description = "distance between neighbouring voxels in µm, per axis"},
      {.name = "angle",
       .default_value = 30.0f,
       .minimum = 0,
       .maximum = 90,
       .description = "half the opening angle of the cone about a ray, in degrees"}};
  operation.flops_per_voxel = [](const Parameters&) { return 6.0; };
  return operation;
}

}  // namespace voxelmark
