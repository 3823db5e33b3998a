#include "engines/opencl/window_filter.hpp"

namespace voxelmark::opencl {

namespace {

constexpr std::int64_t lanes = 32;  // of a group along x, as in the kernels

std::string define(const std::string& name, const std::string& value) {
  return "#define " + name + " " + value + "\n";
}

std::string call(const std::string& name, const std::vector<std::int64_t>& arguments) {
  std::string text = name;
  for (std::size_t i = 0; i < arguments.size(); ++i)
    text += (i ? "," : name.back() == ',' ? "" : "(") + std::to_string(arguments[i]);
  return text + ") ";
}

/// Sorts list[0…size): Batcher's merge exchange (Knuth, TAOCP vol. 3, 5.2.2, algorithm M). The
/// compiler drops what no result depends on.
std::string sorting_network(const std::string& list, std::int64_t size) {
  std::string text;
  std::int64_t top = 1;
  while (2 * top < size) top *= 2;
  for (std::int64_t p = top; p > 0; p /= 2)
    for (std::int64_t q = top, r = 0, d = p;; d = q - p, q /= 2, r = p) {
      for (std::int64_t i = 0; i + d < size; ++i)
        if ((i & p) == r) text += call("SORT(" + list + ",", {i, i + d});
      if (q == p) break;
    }
  return text;
}

/// The middle one of `shared` sorted values, of which those that can be it lie from `low` on, and
/// of `own` other ones: see the kernel.
std::string picks(std::int64_t shared, std::int64_t own) {
  const std::int64_t middle = (shared + own) / 2, low = std::max<std::int64_t>(0, middle - own);
  const std::int64_t high = std::min(middle, shared - 1), rank = middle - low;
  std::string text, start;
  for (std::int64_t from_shared = 0; from_shared <= rank + 1; ++from_shared) {
    const std::int64_t from_own = rank + 1 - from_shared;
    if (from_shared > high - low + 1 || from_own > own) continue;
    const std::string a = "shared[" + std::to_string(low + from_shared - 1) + "]",
                      b = "own[" + std::to_string(from_own - 1) + "]";
    const std::string value = from_shared == 0 ? b
                              : from_own == 0  ? a
                                               : "GREATER(" + a + "," + b + ")";
    if (start.empty())
      start = define("START", value);
    else
      text += "PICK(" + value + ") ";
  }
  return start + define("PICKS", text);
}

std::string radii(const Reach& radius, std::int64_t group_rows) {
  return define("RX", std::to_string(radius.x)) + define("RY", std::to_string(radius.y)) +
         define("RZ", std::to_string(radius.z)) + define("GROUP_ROWS", std::to_string(group_rows));
}

/// The window's columns along y become loads.
std::string network_source(const Window& window, std::int64_t group_rows) {
  const auto [rx, ry, rz] = window.radius;
  std::string shared, first, second;
  std::int64_t shared_count = 0, own_count = 0;
  for (const WindowRow& column : window_rows(Window(window.sphere, {ry, rx, rz}))) {
    const auto [x, z, half] = column;
    for (std::int64_t y = 1 - half; y <= half; ++y)
      shared += call("LOAD(shared,", {shared_count++, x, y, z});
    first += call("LOAD(own,", {own_count, x, -half, z});
    second += call("LOAD(own,", {own_count++, x, half + 1, z});
  }
  return radii(window.radius, group_rows) + define("NETWORK", "1") +
         define("SHARED", std::to_string(std::max<std::int64_t>(1, shared_count))) +
         define("OWN", std::to_string(own_count)) + define("LOAD_SHARED", shared) +
         define("LOAD_OWN_0", first) + define("LOAD_OWN_1", second) +
         define("SORT_SHARED", sorting_network("shared", shared_count)) +
         define("SORT_OWN", sorting_network("own", own_count)) + picks(shared_count, own_count);
}

std::string bits_source(const Window& window, std::int64_t bits, std::int64_t group_rows) {
  std::string text;
  std::int64_t count = 0;
  for (const auto& [y, z, half] : window_rows(window)) {
    const std::int64_t mask = ((std::int64_t{1} << (2 * half + 1)) - 1) << (window.radius.x - half);
    text += call("ROW", {count++, y, z, mask});
  }
  return radii(window.radius, group_rows) + define("BITS", std::to_string(bits)) +
         define("ROWS", std::to_string(count)) + define("WINDOW_ROWS", text);
}

/// How a plan finds the middle value of its window.
class MedianPlan {
 public:
  explicit MedianPlan(PlanBuilder& plan)
      : plan_(plan),
        window_(plan.parameters()),
        size_(listed_window_size(window_)),
        local_(plan.engine().fitting({lanes, 8, 1})) {}

  Prepared finish() {
    if (const auto bits = bits_at_once(); sorts()) {
      launch("median_of_pairs", network_source(window_, rows()), 2 * rows());
    } else if (bits > 0) {
      launch("median_by_bits", bits_source(window_, bits, rows()), rows(),
             static_cast<cl_uint>(size_ / 2));
    } else {
      std::vector<cl_int> rows;
      for (const auto& [y, z, half] : window_rows(window_))
        for (const auto number : {y, z, half}) rows.push_back(static_cast<cl_int>(number));
      const Shape& shape = plan_.shape();
      plan_.launch("median_by_digits", types_of(plan_), plan_.volume(shape), plan_.input(),
                   plan_.output(), cl_long{shape.x}, cl_long{shape.y}, cl_long{shape.z},
                   plan_.constant(rows), static_cast<cl_int>(rows.size() / 3),
                   static_cast<cl_uint>(size_ / 2));
    }
    return plan_.finish();
  }

 private:
  std::int64_t rows() const { return static_cast<std::int64_t>(local_.get()[1]); }
  bool has_lanes() const { return local_.get()[0] == static_cast<std::size_t>(lanes); }

  /// Whether a network's values fit registers, and its tile local memory.
  bool sorts() const {
    // Compilers for CPUs take seconds, then minutes, over more.
    const std::int64_t most_in_registers = plan_.device().is_cpu() ? 13 : 128;
    const auto [rx, ry, rz] = window_.radius;
    const std::int64_t tile = (2 * rz + 1) * (2 * rows() + 2 * ry) * (lanes + 2 * rx);
    return has_lanes() && size_ <= most_in_registers &&
           tile * static_cast<std::int64_t>(sizeof(cl_float)) <= most_local_bytes;
  }

  /// How many bits of all keys of a tile fit local memory, or 0.
  std::int64_t bits_at_once() const {
    constexpr std::int64_t most_rows = 96;  // two words of each are in registers
    const auto [rx, ry, rz] = window_.radius;
    if (!has_lanes() || 2 * rx + 1 > lanes ||
        static_cast<std::int64_t>(window_rows(window_).size()) > most_rows)
      return 0;
    const std::int64_t tile_rows = (2 * rz + 1) * (rows() + 2 * ry),
                       key_bytes = rows() * 64 * static_cast<std::int64_t>(sizeof(cl_uint));
    for (auto bits = static_cast<std::int64_t>(8 * bytes_of(plan_.dtype())); bits >= 8; bits /= 2)
      if (tile_rows * bits * static_cast<std::int64_t>(sizeof(cl_ulong)) + key_bytes <=
          most_local_bytes)
        return bits;
    return 0;
  }

  template <class... Arguments>
  void launch(const char* kernel, const std::string& source, std::int64_t group_outputs,
              const Arguments&... arguments) {
    const Shape& shape = plan_.shape();
    const auto range = PlanBuilder::Range::of_groups(
        {pieces(shape.x, lanes), pieces(shape.y, group_outputs), shape.z}, lanes, rows());
    PlanBuilder::Types types = types_of(plan_);
    types.source = source;
    plan_.launch(kernel, types, range, plan_.input(), plan_.output(), cl_long{shape.x},
                 cl_long{shape.y}, cl_long{shape.z}, arguments...);
  }

  PlanBuilder& plan_;
  Window window_;
  std::int64_t size_;
  cl::NDRange local_;
};

}  // namespace

Prepared median(PlanBuilder& plan) { return MedianPlan(plan).finish(); }

}  // namespace voxelmark::opencl
