#include "validate/assignment.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <limits>
#include <map>
#include <numeric>

namespace voxelmark {

namespace {

std::size_t root_of(std::vector<std::size_t>& parents, std::size_t i) {
  while (parents[i] != i) i = parents[i] = parents[parents[i]];
  return i;
}

/// Edges that hang together by their rows and columns.
std::vector<std::vector<Edge>> components(const std::vector<Edge>& edges) {
  std::vector<std::size_t> parents(edges.size());
  std::iota(parents.begin(), parents.end(), std::size_t{0});
  std::map<std::size_t, std::size_t> edge_of_row, edge_of_column;
  for (std::size_t i = 0; i < edges.size(); ++i) {
    const std::size_t same_row = edge_of_row.emplace(edges[i].row, i).first->second;
    const std::size_t same_column = edge_of_column.emplace(edges[i].column, i).first->second;
    parents[root_of(parents, i)] = root_of(parents, same_row);
    parents[root_of(parents, i)] = root_of(parents, same_column);
  }
  std::map<std::size_t, std::vector<Edge>> groups;
  for (std::size_t i = 0; i < edges.size(); ++i) groups[root_of(parents, i)].push_back(edges[i]);
  std::vector<std::vector<Edge>> result;
  for (auto& [root, group] : groups) result.push_back(std::move(group));
  return result;
}

/// The column of each row of a square matrix that makes the sum of costs the least.
std::vector<std::size_t> cheapest(const Eigen::MatrixXd& cost) {
  const auto n = static_cast<std::size_t>(cost.rows());
  constexpr double infinity = std::numeric_limits<double>::infinity();
  // Row and column n stand for "none yet"; u and v are the dual variables.
  std::vector<double> u(n + 1), v(n + 1);
  std::vector<std::size_t> row_of(n + 1, n), way(n + 1, n);
  for (std::size_t row = 0; row < n; ++row) {
    row_of[n] = row;
    std::size_t column = n;
    std::vector<double> slack(n, infinity);
    std::vector<char> used(n + 1);
    do {
      used[column] = 1;
      const std::size_t at = row_of[column];
      double step = infinity;
      std::size_t next = n;
      for (std::size_t j = 0; j < n; ++j) {
        if (used[j]) continue;
        const double reduced =
            cost(static_cast<Eigen::Index>(at), static_cast<Eigen::Index>(j)) - u[at] - v[j];
        if (reduced < slack[j]) {
          slack[j] = reduced;
          way[j] = column;
        }
        if (slack[j] < step) {
          step = slack[j];
          next = j;
        }
      }
      for (std::size_t j = 0; j <= n; ++j)
        if (used[j]) {
          u[row_of[j]] += step;
          v[j] -= step;
        } else if (j < n) {
          slack[j] -= step;
        }
      column = next;
    } while (row_of[column] != n);
    for (; column != n; column = way[column]) row_of[column] = row_of[way[column]];
  }
  std::vector<std::size_t> result(n);
  for (std::size_t j = 0; j < n; ++j) result[row_of[j]] = j;
  return result;
}

/// Places of the values among the different ones.
std::map<std::size_t, std::size_t> places(const std::vector<Edge>& edges,
                                          std::size_t Edge::*member) {
  std::map<std::size_t, std::size_t> result;
  for (const Edge& edge : edges) result.emplace(edge.*member, 0);
  std::size_t next = 0;
  for (auto& [value, place] : result) place = next++;
  return result;
}

void add_best(const std::vector<Edge>& edges, std::vector<Edge>& result) {
  if (edges.size() == 1) {
    result.push_back(edges[0]);
    return;
  }
  const auto rows = places(edges, &Edge::row), columns = places(edges, &Edge::column);
  const auto size = static_cast<Eigen::Index>(std::max(rows.size(), columns.size()));
  // No edge costs 0: leaving a row unmatched is worth nothing.
  Eigen::MatrixXd cost = Eigen::MatrixXd::Zero(size, size);
  for (const Edge& edge : edges)
    cost(static_cast<Eigen::Index>(rows.at(edge.row)),
         static_cast<Eigen::Index>(columns.at(edge.column))) = -edge.weight;
  const auto column_of = cheapest(cost);
  for (const Edge& edge : edges)
    if (column_of[rows.at(edge.row)] == columns.at(edge.column)) result.push_back(edge);
}

}  // namespace

std::vector<Edge> best_assignment(const std::vector<Edge>& edges) {
  std::vector<Edge> result;
  for (const auto& component : components(edges)) add_best(component, result);
  std::sort(result.begin(), result.end(),
            [](const Edge& a, const Edge& b) { return a.row < b.row; });
  return result;
}

}  // namespace voxelmark
