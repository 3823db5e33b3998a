#include "validate/assignment.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <queue>
#include <utility>

namespace voxelmark {

namespace {

/// Shortest augmenting paths over the edges that there are. Each row has one more column of its
/// own, at no cost: to be matched to that one is to be left unmatched.
class Assignment {
 public:
  Assignment(const std::vector<std::vector<std::pair<std::size_t, double>>>& edges_of_row,
             std::size_t columns)
      : edges_(edges_of_row),
        columns_(columns),
        row_price_(edges_.size()),
        column_price_(columns + edges_.size()),
        distance_(columns + edges_.size(), infinity),
        done_(columns + edges_.size()),
        way_(columns + edges_.size()),
        row_of_(columns + edges_.size(), none),
        column_of_(edges_.size(), none) {
    for (std::size_t row = 0; row < edges_.size(); ++row)
      for (const auto& [column, weight] : edges_[row])
        row_price_[row] = std::min(row_price_[row], -weight);
    for (std::size_t row = 0; row < edges_.size(); ++row) match(row);
  }

  /// The row's column, or one that is none where it is left unmatched.
  std::size_t column_of(std::size_t row) const { return column_of_[row]; }

 private:
  static constexpr double infinity = std::numeric_limits<double>::infinity();
  static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
  using Entry = std::pair<double, std::size_t>;  // distance, column

  void match(std::size_t first) {
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
    std::vector<std::size_t> seen;
    const auto relax = [&](std::size_t row, std::size_t column, double cost, double base) {
      const double distance = base + cost - row_price_[row] - column_price_[column];
      if (done_[column] || !(distance < distance_[column])) return;
      if (distance_[column] == infinity) seen.push_back(column);
      distance_[column] = distance;
      way_[column] = row;
      queue.push({distance, column});
    };
    std::size_t row = first, end = none;
    for (double base = 0; end == none;) {
      for (const auto& [column, weight] : edges_[row]) relax(row, column, -weight, base);
      relax(row, columns_ + row, 0, base);
      while (done_[queue.top().second]) queue.pop();
      const auto [distance, column] = queue.top();
      done_[column] = 1;
      base = distance;
      row = row_of_[column];
      if (row == none) end = column;
    }
    const double length = distance_[end];
    row_price_[first] += length;
    for (const std::size_t column : seen) {
      if (done_[column] && column != end) {
        row_price_[row_of_[column]] += length - distance_[column];
        column_price_[column] -= length - distance_[column];
      }
      distance_[column] = infinity;
      done_[column] = 0;
    }
    for (std::size_t column = end; column != none;) {
      const std::size_t at = way_[column], before = column_of_[at];
      row_of_[column] = at;
      column_of_[at] = column;
      column = at == first ? none : before;
    }
  }

  const std::vector<std::vector<std::pair<std::size_t, double>>>& edges_;
  std::size_t columns_;
  std::vector<double> row_price_, column_price_, distance_;
  std::vector<char> done_;
  std::vector<std::size_t> way_, row_of_, column_of_;
};

/// Places of the values among the different ones.
std::map<std::size_t, std::size_t> places(const std::vector<Edge>& edges,
                                          std::size_t Edge::*member) {
  std::map<std::size_t, std::size_t> result;
  for (const Edge& edge : edges) result.emplace(edge.*member, 0);
  std::size_t next = 0;
  for (auto& [value, place] : result) place = next++;
  return result;
}

}  // namespace

std::vector<Edge> best_assignment(const std::vector<Edge>& edges) {
  const auto rows = places(edges, &Edge::row), columns = places(edges, &Edge::column);
  std::vector<std::vector<std::pair<std::size_t, double>>> edges_of_row(rows.size());
  for (const Edge& edge : edges)
    edges_of_row[rows.at(edge.row)].emplace_back(columns.at(edge.column), edge.weight);
  const Assignment assignment(edges_of_row, columns.size());
  std::vector<Edge> result;
  for (const Edge& edge : edges)
    if (assignment.column_of(rows.at(edge.row)) == columns.at(edge.column)) result.push_back(edge);
  std::sort(result.begin(), result.end(),
            [](const Edge& a, const Edge& b) { return a.row < b.row; });
  return result;
}

}  // namespace voxelmark
