#include "validate/calipers.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <memory>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>

extern "C" {
#include <libqhull_r/qhull_ra.h>
}

namespace voxelmark {

namespace {

LatticePoint operator-(const LatticePoint& a, const LatticePoint& b) {
  return {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
}
LatticePoint cross(const LatticePoint& a, const LatticePoint& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}
std::int64_t dot(const LatticePoint& a, const LatticePoint& b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/// Collects the greatest distance and the least width.
class Extremes {
 public:
  explicit Extremes(const Spacing& spacing) : scale_{spacing.x, spacing.y, spacing.z} {}

  void distance(const LatticePoint& a, const LatticePoint& b) {
    double sum = 0;
    for (int i = 0; i < 3; ++i) sum += square(static_cast<double>(a[i] - b[i]) * scale_[i]);
    squared_distance_ = std::max(squared_distance_, sum);
  }
  /// Between the planes on which dot(normal, point) takes two values `difference` apart. A normal
  /// transforms inversely to the points.
  void width(const LatticePoint& normal, std::int64_t difference) {
    double sum = 0;
    for (int i = 0; i < 3; ++i) sum += square(static_cast<double>(normal[i]) / scale_[i]);
    width_ = std::min(width_, static_cast<double>(difference) / std::sqrt(sum));
  }
  Calipers result() const {
    return {std::sqrt(squared_distance_), std::isinf(width_) ? 0 : width_};
  }

 private:
  static double square(double value) { return value * value; }

  std::array<double, 3> scale_;
  double squared_distance_ = 0, width_ = std::numeric_limits<double>::infinity();
};

bool lie_in_one_plane(const std::vector<LatticePoint>& points) {
  LatticePoint line{}, normal{};
  for (const LatticePoint& point : points) {
    const LatticePoint p = point - points[0];
    if (line == LatticePoint{})
      line = p;
    else if (normal == LatticePoint{})
      normal = cross(line, p);
    else if (dot(normal, p) != 0)
      return false;
  }
  return true;
}

/// The points that are vertices of their plane perpendicular to the axis: the hull's are among
/// them.
std::vector<LatticePoint> thinned(std::vector<LatticePoint> points, int axis) {
  std::ranges::sort(points, {}, [axis](const LatticePoint& p) { return p[axis]; });
  std::vector<LatticePoint> rest;
  for (auto plane = points.begin(); plane != points.end();) {
    const auto end = std::find_if(plane, points.end(),
                                  [&](const LatticePoint& p) { return p[axis] != (*plane)[axis]; });
    const auto polygon = convex_polygon({plane, end}, axis);
    rest.insert(rest.end(), polygon.begin(), polygon.end());
    plane = end;
  }
  return rest;
}

/// A face's vertices, as places among the points, counter-clockwise from outside.
using Face = std::vector<int>;

/// The faces of the hull. Whole coordinates of the allowed size leave a plane by far more than
/// Qhull's tolerance: it merges facets of one plane alone.
std::vector<Face> convex_solid(const std::vector<LatticePoint>& points) {
  std::vector<double> coordinates;
  for (const LatticePoint& point : points)
    for (const std::int64_t c : point - points[0]) coordinates.push_back(static_cast<double>(c));
  const auto end = [](qhT* qh) {
    int blocks, bytes;
    qh_freeqhull(qh, !qh_ALL);
    qh_memfreeshort(qh, &blocks, &bytes);
    delete qh;
  };
  const std::unique_ptr<qhT, decltype(end)> owner(new qhT, end);
  qhT* const qh = owner.get();
  qh_zero(qh, stderr);
  std::string command = "qhull Pp";  // Pp: no warnings
  if (const int error = qh_new_qhull(qh, 3, static_cast<int>(points.size()), coordinates.data(),
                                     false, command.data(), nullptr, stderr))
    throw std::runtime_error("no convex hull of an object: Qhull's error " + std::to_string(error));
  std::vector<Face> faces;
  facetT* facet;
  FORALLfacets {
    setT* vertices = qh_facet3vertex(qh, facet);
    vertexT *vertex, **vertexp;
    Face& face = faces.emplace_back();
    FOREACHvertex_(vertices) face.push_back(qh_pointid(qh, vertex->point));
    std::ranges::reverse(face);  // Qhull's are counter-clockwise from inside
    qh_settempfree(qh, &vertices);
  }
  return faces;
}

/// A hull's faces with their normals, and its edges in both directions.
struct Hull {
  struct Edge {
    int from, to, face;  ///< the face to the left
    auto operator<=>(const Edge&) const = default;
  };

  explicit Hull(std::vector<LatticePoint> from)
      : points(std::move(from)), faces(convex_solid(points)) {
    for (const Face& face : faces) {
      const int f = static_cast<int>(normals.size());
      LatticePoint& normal = normals.emplace_back();
      for (std::size_t i = 0; i < face.size(); ++i) {
        const int a = face[i], b = face[(i + 1) % face.size()];
        edges.push_back({a, b, f});
        const LatticePoint twice_area = cross(points[a] - points[face[0]], points[b] - points[a]);
        for (int k = 0; k < 3; ++k) normal[k] += twice_area[k];
      }
    }
    std::ranges::sort(edges);
    first_edge.resize(points.size() + 1);
    for (const Edge& edge : edges) ++first_edge[edge.from + 1];
    std::partial_sum(first_edge.begin(), first_edge.end(), first_edge.begin());
  }

  std::span<const Edge> edges_from(int vertex) const {
    return std::span(edges).subspan(first_edge[vertex],
                                    first_edge[vertex + 1] - first_edge[vertex]);
  }
  int face_across(int from, int to) const {
    for (const Edge& edge : edges_from(to))
      if (edge.to == from) return edge.face;
    throw std::logic_error("a hull with a face open at an edge");
  }

  std::vector<LatticePoint> points;
  std::vector<Face> faces;
  std::vector<LatticePoint> normals;  ///< outward, twice as long as the face's area
  std::vector<Edge> edges;
  std::vector<std::size_t> first_edge;  ///< of each vertex
};

}  // namespace

std::vector<LatticePoint> convex_polygon(std::vector<LatticePoint> points, int normal) {
  std::ranges::sort(points);
  points.erase(std::ranges::unique(points).begin(), points.end());
  if (points.size() < 3) return points;
  const int u = normal == 0 ? 1 : 0, v = normal == 2 ? 1 : 2;
  std::vector<LatticePoint> polygon;
  const auto chain = [&](auto begin, auto end) {
    const std::size_t start = polygon.size();
    for (auto p = begin; p != end; ++p) {
      while (polygon.size() >= start + 2) {
        const LatticePoint a = polygon.back() - polygon.end()[-2], b = *p - polygon.back();
        if (a[u] * b[v] - a[v] * b[u] > 0) break;
        polygon.pop_back();
      }
      polygon.push_back(*p);
    }
    polygon.pop_back();  // begins the other chain
  };
  chain(points.begin(), points.end());
  chain(points.rbegin(), points.rend());
  return polygon;
}

Calipers polygon_calipers(const std::vector<LatticePoint>& polygon, const Spacing& spacing) {
  Extremes extremes(spacing);
  const std::size_t n = polygon.size();
  const auto at = [&](std::size_t i) { return polygon[i % n]; };
  std::size_t far = 1;
  for (std::size_t i = 0; i < n; ++i) {
    const LatticePoint edge = at(i + 1) - at(i), normal{-edge[1], edge[0], 0};
    extremes.distance(at(i), at(far));
    while (dot(normal, at(far + 1) - at(far)) > 0) extremes.distance(at(i), at(++far));
    if (n > 2) extremes.width(normal, dot(normal, at(far) - at(i)));
  }
  return extremes.result();
}

Calipers solid_calipers(std::vector<LatticePoint> points, const Spacing& spacing) {
  for (const int axis : {2, 1, 0}) points = thinned(std::move(points), axis);
  Extremes extremes(spacing);
  if (lie_in_one_plane(points)) {
    for (const LatticePoint& a : points)
      for (const LatticePoint& b : points) extremes.distance(a, b);
    return extremes.result();
  }
  const Hull hull(std::move(points));
  const auto& p = hull.points;

  // Vertices opposite each face, found from face to face: while a plane rolls over the edge between
  // two of them, a parallel plane on the other side rolls over the edges met on the way.
  std::vector<int> opposite(hull.faces.size(), -1);
  std::vector<bool> done(hull.faces.size());
  std::vector<int> open{0};
  opposite[0] = hull.faces[0][0];
  for (const Face& face : hull.faces)
    for (const int v : face)
      if (dot(hull.normals[0], p[v] - p[opposite[0]]) < 0) opposite[0] = v;
  while (!open.empty()) {
    const int f = open.back();
    open.pop_back();
    const Face& face = hull.faces[f];
    extremes.width(hull.normals[f], dot(hull.normals[f], p[face[0]] - p[opposite[f]]));
    for (std::size_t i = 0; i < face.size(); ++i) {
      const int a = face[i], b = face[(i + 1) % face.size()], g = hull.face_across(a, b);
      if (done[g]) continue;
      const LatticePoint edge = p[b] - p[a];
      for (int v = opposite[f];;) {
        extremes.distance(p[a], p[v]);
        extremes.distance(p[b], p[v]);
        // Of the neighbours further down at the end, the one that gets as low as v first.
        int next = -1;
        for (const Hull::Edge& other : hull.edges_from(v))
          if (dot(hull.normals[g], p[other.to] - p[v]) < 0 &&
              (next < 0 || dot(edge, cross(p[other.to] - p[v], p[next] - p[v])) > 0))
            next = other.to;
        if (next < 0) {
          if (opposite[g] < 0) open.push_back(g);
          opposite[g] = v;
          break;
        }
        const LatticePoint normal = cross(edge, p[next] - p[v]);
        extremes.width(normal, std::abs(dot(normal, p[a] - p[v])));
        v = next;
      }
    }
    done[f] = true;
  }
  return extremes.result();
}

}  // namespace voxelmark
