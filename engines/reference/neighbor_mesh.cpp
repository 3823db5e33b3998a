#include "engines/operations/neighbor_mesh.hpp"

#include <set>

#include "engines/reference/reference.hpp"

namespace voxelmark::reference {

void neighbor_mesh(const Job& job, Image& output) {
  const Image& labels = job.input();
  const Shape& shape = labels.shape();
  const auto pixels = labels.pixels<std::uint32_t>();
  const std::int64_t rows = output.shape().y;

  Image table({4, rows, 1}, DType::f64);
  centroids(job, table);
  std::vector<Node> nodes;
  const double* row = table.pixels<double>().data();
  for (std::int64_t i = 0; i < rows; ++i, row += 4)
    nodes.push_back(
        mesh_node({row[0], row[1], row[2], row[3]}, job.parameters.per_axis("spacing")));

  std::vector<std::set<std::uint32_t>> neighbors(static_cast<std::size_t>(rows));
  for (std::int64_t z = 0; z < shape.z; ++z)
    for (std::int64_t y = 0; y < shape.y; ++y)
      for (std::int64_t x = 0; x < shape.x; ++x)
        for (const Index& d : {Index{1, 0, 0}, Index{0, 1, 0}, Index{0, 0, 1}}) {
          if (x + d.x == shape.x || y + d.y == shape.y || z + d.z == shape.z) continue;
          const auto a = pixels[static_cast<std::size_t>(offset(shape, x, y, z))],
                     b = pixels[static_cast<std::size_t>(offset(shape, x + d.x, y + d.y, z + d.z))];
          if (a == b || a == 0 || b == 0) continue;
          neighbors[a - 1].insert(b);
          neighbors[b - 1].insert(a);
        }

  const Node mean = mean_node(nodes);
  const double cosine = cone_cosine(job.parameters);
  double* result = output.pixels<double>().data();
  for (std::size_t i = 0; i < nodes.size(); ++i, result += 4) {
    double distances = 0;
    for (const auto label : neighbors[i]) distances += node_distance(nodes[i], nodes[label - 1]);
    bool met = false;
    for (std::size_t j = 0; j < nodes.size(); ++j)
      met |= j != i && lies_ahead(nodes[i], mean, nodes[j], cosine);
    const double count = static_cast<double>(neighbors[i].size());
    result[0] = static_cast<double>(i + 1);
    result[1] = count;
    result[2] = distances / count;
    result[3] = std::isnan(nodes[i][0]) ? absent : met ? 0 : 1;
  }
}

}  // namespace voxelmark::reference
