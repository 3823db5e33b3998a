#pragma once
#include <cstddef>
#include <vector>

namespace voxelmark {

/// A pair that may be matched, and what it is worth (above 0).
struct Edge {
  std::size_t row, column;
  double weight;
};

/// Those of the edges that match each row and each column at most once with the largest sum of
/// weights, in rising order of rows: the Hungarian method (Kuhn 1955) by shortest augmenting paths
/// (Jonker & Volgenant 1987), over the edges that there are.
std::vector<Edge> best_assignment(const std::vector<Edge>& edges);

}  // namespace voxelmark
