#include "bench/component_merge.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>

#include "engines/core/error.hpp"

namespace voxelmark {

namespace {

using Label = ComponentMerger::Label;
using Axes = std::array<std::int64_t, 3>;

Axes axes(const Shape& shape) { return {shape.x, shape.y, shape.z}; }

/// `use(task)` of each of so many, on all threads.
template <class Use>
void each(std::int64_t tasks, const Use& use) {
  tbb::parallel_for(std::int64_t{0}, tasks, use);
}

Label largest(const Label* labels, std::int64_t count) {
  Label most = 0;
  for (std::int64_t i = 0; i < count; ++i) most = std::max(most, labels[i]);
  return most;
}

/// So many neighbours by which a walk along the row changes its label.
Label changes(const Label* row, std::int64_t count) {
  Label changes = 0;
  for (std::int64_t x = 1; x < count; ++x) changes += row[x] != row[x - 1];
  return changes;
}

/// Voxels of one label: where the next ones begin, and the label.
struct Run {
  Label end, label;
};

/// Writes a row's runs, and says how many they are: 0 where they are more than `most`.
std::int64_t find_runs(const Label* row, std::int64_t count, Run* runs, std::int64_t most) {
  constexpr std::int64_t block = 64;
  std::int64_t found = 0;
  for (std::int64_t from = 1; from < count; from += block) {
    const std::int64_t to = std::min(count, from + block);
    const std::int64_t more = changes(row + from - 1, to - from + 1);
    if (more == 0) continue;
    if (found + more >= most) return 0;
    for (std::int64_t x = from; x < to; ++x)
      if (row[x] != row[x - 1]) runs[found++] = {static_cast<Label>(x), row[x - 1]};
  }
  if (most == 0) return 0;
  runs[found++] = {static_cast<Label>(count), row[count - 1]};
  return found;
}

[[noreturn]] void fail_for_other_labels() {
  throw std::runtime_error(
      "a tile's labels do not count in the order in which a walk meets its components, or its "
      "pixels changed while they were read");
}

/// The last axis along which there is a step: a seam lies in faces along it.
std::size_t last_axis(const Axes& direction) {
  return direction[2] != 0 ? 2 : direction[1] != 0 ? 1 : 0;
}

/// Of a tile's six, by axis: the first one, then the last.
std::size_t face_towards(const Axes& direction) {
  const std::size_t axis = last_axis(direction);
  return 2 * axis + (direction[axis] > 0);
}

/// The set's root; shortens the way there.
Label find(std::vector<Label>& parents, Label i) {
  while (parents[i] != i) i = parents[i] = parents[parents[i]];
  return i;
}

}  // namespace

void require_labels_for(std::uint64_t components) {
  if (components >= std::numeric_limits<Label>::max())
    throw NotMeasurable("the tiles have " + std::to_string(components) +
                        " components, more than labels of 32 bits can tell");
}

ComponentMerger::ComponentMerger(const Shape& image, const Shape& tile, bool by_faces)
    : image_(axes(image)), tile_(axes(tile)), by_faces_(by_faces) {
  for (std::size_t a = 0; a < 3; ++a) tiles_[a] = (image_[a] + tile_[a] - 1) / tile_[a];
  first_voxels_.resize(static_cast<std::size_t>(tiles_[0] * tiles_[1] * tiles_[2]));
  runs_.resize(first_voxels_.size());
}

std::size_t ComponentMerger::number(const Index& origin) const {
  return static_cast<std::size_t>(
      origin.x / tile_[0] + tiles_[0] * (origin.y / tile_[1] + tiles_[1] * (origin.z / tile_[2])));
}

Axes ComponentMerger::place(std::size_t tile) const {
  const auto i = static_cast<std::int64_t>(tile);
  return {i % tiles_[0], i / tiles_[0] % tiles_[1], i / tiles_[0] / tiles_[1]};
}

Axes ComponentMerger::extent(const Axes& place) const {
  Axes extent;
  for (std::size_t a = 0; a < 3; ++a)
    extent[a] = std::min(tile_[a], image_[a] - place[a] * tile_[a]);
  return extent;
}

std::int64_t ComponentMerger::row_in_image(const Axes& place, std::int64_t y,
                                           std::int64_t z) const {
  return place[0] * tile_[0] +
         image_[0] * (place[1] * tile_[1] + y + image_[1] * (place[2] * tile_[2] + z));
}

void ComponentMerger::add(const Index& origin, const Image& labels, Image* image) {
  const std::size_t tile = number(origin);
  note_first_voxels(tile, labels, image);
  note_faces(tile, labels);
}

void ComponentMerger::note_first_voxels(std::size_t tile, const Image& labels, Image* image) {
  const Axes at = place(tile), extent = this->extent(at);
  const Label* const pixels = labels.pixels<Label>().data();
  Label* const copies = image ? image->pixels<Label>().data() : nullptr;
  const std::int64_t rows = extent[1] * extent[2],
                     rows_of_task = std::max<std::int64_t>(1, (1 << 16) / extent[0]),
                     tasks = (rows + rows_of_task - 1) / rows_of_task;
  auto& runs = runs_[tile];
  if (image) runs.resize(static_cast<std::size_t>(rows));
  struct Component {
    Label label;
    std::int64_t first_voxel;
  };
  // A component begins where a label is larger than all before. Of each part of the tile those
  // within it are had in one walk; the later parts' then turn out to be known already, or not.
  std::vector<std::vector<Component>> larger(static_cast<std::size_t>(tasks));
  each(tasks, [&](std::int64_t task) {
    auto& found = larger[static_cast<std::size_t>(task)];
    Label known = 0;
    const std::int64_t end = std::min(rows, (task + 1) * rows_of_task);
    for (std::int64_t row = task * rows_of_task; row < end; ++row) {
      const std::int64_t y = row % extent[1], z = row / extent[1], to = row_in_image(at, y, z);
      const Label* const label = pixels + offset(labels.shape(), 0, y, z);
      const auto see = [&](Label one, std::int64_t x) {
        if (one <= known) return;
        known = one;
        found.push_back({one, to + x});
      };
      if (image) {
        // Few runs take less memory than the voxels, and less time to be written and read.
        auto* const row_runs = reinterpret_cast<Run*>(copies + to);
        const std::int64_t count = find_runs(label, extent[0], row_runs, extent[0] / 8);
        runs[static_cast<std::size_t>(row)] = static_cast<Label>(count);
        for (std::int64_t i = 0; i < count; ++i)
          see(row_runs[i].label, i == 0 ? 0 : row_runs[i - 1].end);
        if (count > 0) continue;
        std::memcpy(copies + to, label, static_cast<std::size_t>(extent[0]) * sizeof(Label));
      }
      const Label most = largest(label, extent[0]);
      for (std::int64_t x = 0; known < most; ++x) see(label[x], x);
    }
  });
  auto& firsts = first_voxels_[tile];
  for (const auto& found : larger)
    for (const auto& [label, first_voxel] : found) {
      if (label <= firsts.size()) continue;
      if (label != firsts.size() + 1) fail_for_other_labels();
      firsts.push_back(first_voxel);
    }
  firsts.shrink_to_fit();
}

// The seam with a tile beyond an edge or a corner lies in the faces along the last axis that parts
// them: faces along x, then y, need not be kept for long.
template <class Use>
void ComponentMerger::each_neighbour(std::size_t tile, const Use& use) const {
  const Axes at = place(tile);
  for (std::int64_t z = -1; z <= 1; ++z)
    for (std::int64_t y = -1; y <= 1; ++y)
      for (std::int64_t x = -1; x <= 1; ++x) {
        const Axes direction{x, y, z};
        const int parted = (x != 0) + (y != 0) + (z != 0);
        if (parted == 0 || (by_faces_ && parted > 1)) continue;
        Axes beyond;
        bool inside = true;
        for (std::size_t a = 0; a < 3; ++a) {
          beyond[a] = at[a] + direction[a];
          inside = inside && beyond[a] >= 0 && beyond[a] < tiles_[a];
        }
        if (inside)
          use(direction, static_cast<std::size_t>(beyond[0] +
                                                  tiles_[0] * (beyond[1] + tiles_[1] * beyond[2])));
      }
}

void ComponentMerger::note_faces(std::size_t tile, const Image& labels) {
  const Axes at = place(tile), extent = this->extent(at);
  const Axes strides{1, labels.shape().x, labels.shape().x * labels.shape().y};
  const Label* const pixels = labels.pixels<Label>().data();

  std::map<std::size_t, Face> own;
  struct Meeting {
    std::size_t tile, other;
    std::shared_ptr<const std::vector<Label>> face, others;
    Axes direction;
  };
  std::vector<Meeting> meetings;
  each_neighbour(tile, [&](const Axes& direction, std::size_t other) {
    const std::size_t axis = last_axis(direction), u = (axis + 1) % 3, v = (axis + 2) % 3;
    Face& face = own[face_towards(direction)];
    ++face.awaited;
    meetings.push_back({tile, other, nullptr, nullptr, direction});
    if (face.labels) return;
    auto plane = std::make_shared<std::vector<Label>>();
    plane->reserve(static_cast<std::size_t>(extent[u] * extent[v]));
    const std::int64_t start = direction[axis] > 0 ? (extent[axis] - 1) * strides[axis] : 0;
    for (std::int64_t j = 0; j < extent[v]; ++j)
      for (std::int64_t i = 0; i < extent[u]; ++i)
        plane->push_back(pixels[start + i * strides[u] + j * strides[v]]);
    face.labels = std::move(plane);
  });

  const auto bytes_of = [](const Face& face) { return face.labels->size() * sizeof(Label); };
  {
    const std::lock_guard turn(mutex_);
    tile_components_ += first_voxels_[tile].size();
    for (Meeting& meeting : meetings) {
      const std::size_t side = face_towards(meeting.direction);
      Face& face = own[side];
      const auto other = faces_.find({meeting.other, side ^ 1});
      if (other == faces_.end()) continue;  // it will find this one's
      meeting.face = face.labels;
      meeting.others = other->second.labels;
      --face.awaited;
      if (--other->second.awaited > 0) continue;
      kept_bytes_ -= bytes_of(other->second);
      faces_.erase(other);
    }
    for (auto& [side, face] : own)
      if (face.awaited > 0) {
        kept_bytes_ += bytes_of(face);
        faces_[{tile, side}] = std::move(face);
      }
  }
  for (const Meeting& meeting : meetings) {
    if (!meeting.face) continue;
    keep(seam(meeting.tile, *meeting.face, meeting.other, *meeting.others, meeting.direction));
  }
}

void ComponentMerger::keep(Seam made) {
  if (made.pairs.empty()) return;
  const std::lock_guard turn(mutex_);
  kept_bytes_ += sizeof made + made.pairs.size() * sizeof made.pairs[0];
  seams_.push_back(std::move(made));
}

namespace {

/// Numbers one behind the other, as they stand in memory.
class Writer {
 public:
  void put(std::size_t number) { add(&number, sizeof number); }
  template <class T>
  void put_all(const std::vector<T>& values) {
    put(values.size());
    add(values.data(), values.size() * sizeof(T));
  }
  std::string text() && { return std::move(text_); }

 private:
  void add(const void* from, std::size_t bytes) {
    text_.append(static_cast<const char*>(from), bytes);
  }
  std::string text_;
};

class Reader {
 public:
  explicit Reader(const std::string& text) : text_(text) {}
  std::size_t get() {
    std::size_t number = 0;
    take(&number, sizeof number);
    return number;
  }
  template <class T>
  std::vector<T> get_all() {
    std::vector<T> values(get());
    take(values.data(), values.size() * sizeof(T));
    return values;
  }

 private:
  void take(void* to, std::size_t bytes) {
    if (bytes == 0) return;
    std::memcpy(to, text_.data() + at_, bytes);
    at_ += bytes;
  }
  const std::string& text_;
  std::size_t at_ = 0;
};

}  // namespace

std::string ComponentMerger::state() const {
  const std::lock_guard turn(mutex_);
  Writer out;
  out.put(static_cast<std::size_t>(
      std::ranges::count_if(first_voxels_, [](const auto& firsts) { return !firsts.empty(); })));
  for (std::size_t tile = 0; tile < first_voxels_.size(); ++tile) {
    if (first_voxels_[tile].empty()) continue;
    out.put(tile);
    out.put_all(first_voxels_[tile]);
  }
  out.put(seams_.size());
  for (const Seam& seam : seams_) {
    out.put(seam.a);
    out.put(seam.b);
    out.put_all(seam.pairs);
  }
  out.put(faces_.size());
  for (const auto& [key, face] : faces_) {
    out.put(key.first);
    out.put(key.second);
    out.put_all(*face.labels);
  }
  return std::move(out).text();
}

void ComponentMerger::absorb(const std::string& state) {
  Reader in(state);
  for (std::size_t left = in.get(); left > 0; --left) {
    auto& firsts = first_voxels_[in.get()];
    firsts = in.get_all<std::int64_t>();
    tile_components_ += firsts.size();
  }
  for (std::size_t left = in.get(); left > 0; --left) {
    const std::size_t a = in.get(), b = in.get();
    keep({a, b, in.get_all<std::pair<Label, Label>>()});
  }
  // Of two processes' tiles that meet, both still wait.
  for (std::size_t left = in.get(); left > 0; --left) {
    const std::size_t tile = in.get(), side = in.get();
    const auto labels = std::make_shared<const std::vector<Label>>(in.get_all<Label>());
    each_neighbour(tile, [&](const Axes& direction, std::size_t other) {
      if (face_towards(direction) != side) return;
      if (const auto found = faces_.find({other, side ^ 1}); found != faces_.end())
        keep(seam(tile, *labels, other, *found->second.labels, direction));
    });
    kept_bytes_ += labels->size() * sizeof(Label);
    faces_[{tile, side}] = {labels, 1};
  }
}

ComponentMerger::Seam ComponentMerger::seam(std::size_t a, const std::vector<Label>& face_a,
                                            std::size_t b, const std::vector<Label>& face_b,
                                            const Axes& direction) const {
  const std::size_t axis = last_axis(direction), u = (axis + 1) % 3, v = (axis + 2) % 3;
  const Axes extent_a = extent(place(a)), extent_b = extent(place(b));
  struct Span {
    std::int64_t first, last;
  };
  // Along an axis that parts the tiles only their last voxels meet.
  const auto all = [&](std::size_t along) -> Span {
    const std::int64_t last = extent_a[along] - 1;
    return direction[along] == 0  ? Span{0, last}
           : direction[along] > 0 ? Span{last, last}
                                  : Span{0, 0};
  };
  const auto opposite = [&](std::size_t along, std::int64_t i) {
    return direction[along] == 0 ? i : direction[along] > 0 ? 0 : extent_b[along] - 1;
  };
  const auto around = [&](std::size_t along, std::int64_t i) -> Span {
    const std::int64_t at = opposite(along, i);
    if (direction[along] != 0) return {at, at};
    return {std::max<std::int64_t>(0, at - 1), std::min(extent_b[along] - 1, at + 1)};
  };
  Seam seam{a, b, {}};
  const auto join = [&](Label one, Label other) {
    const std::pair pair(one, other);
    if (seam.pairs.empty() || seam.pairs.back() != pair) seam.pairs.push_back(pair);
  };
  for (std::int64_t j = all(v).first; j <= all(v).last; ++j)
    for (std::int64_t i = all(u).first; i <= all(u).last; ++i) {
      const Label label = face_a[static_cast<std::size_t>(i + extent_a[u] * j)];
      if (!label) continue;
      const auto other = [&](std::int64_t k, std::int64_t l) {
        return face_b[static_cast<std::size_t>(k + extent_b[u] * l)];
      };
      // All of the opposite voxel's neighbours are one with it.
      if (const Label right = other(opposite(u, i), opposite(v, j))) {
        join(label, right);
      } else if (!by_faces_) {
        for (std::int64_t l = around(v, j).first; l <= around(v, j).last; ++l)
          for (std::int64_t k = around(u, i).first; k <= around(u, i).last; ++k)
            if (const Label near = other(k, l)) join(label, near);
      }
    }
  std::sort(seam.pairs.begin(), seam.pairs.end());
  seam.pairs.erase(std::unique(seam.pairs.begin(), seam.pairs.end()), seam.pairs.end());
  seam.pairs.shrink_to_fit();
  return seam;
}

std::size_t ComponentMerger::bytes() const {
  const std::lock_guard turn(mutex_);
  return kept_bytes_ + (tile_components_ + first_voxels_.size()) *
                           (sizeof(firsts_[0]) + sizeof(parents_[0]) + sizeof(numbers_[0]));
}

void ComponentMerger::merge() {
  require_labels_for(tile_components_ + first_voxels_.size());
  starts_ = {0};
  firsts_.reserve(tile_components_ + first_voxels_.size());
  for (auto& firsts : first_voxels_) {
    firsts_.push_back(0);  // of the label 0
    firsts_.insert(firsts_.end(), firsts.begin(), firsts.end());
    firsts = {};
    starts_.push_back(firsts_.size());
  }
  join_seams();
  number_components();
  firsts_ = {};
  parents_ = {};
}

void ComponentMerger::join_seams() {
  parents_.resize(firsts_.size());
  std::iota(parents_.begin(), parents_.end(), Label{0});
  for (const Seam& seam : seams_)
    for (const auto& [one, other] : seam.pairs) {
      Label a = find(parents_, static_cast<Label>(starts_[seam.a] + one)),
            b = find(parents_, static_cast<Label>(starts_[seam.b] + other));
      // The root is that part of a component which begins first.
      if (firsts_[b] < firsts_[a]) std::swap(a, b);
      parents_[b] = a;
    }
  seams_ = {};
}

void ComponentMerger::number_components() {
  numbers_.assign(parents_.size(), 0);
  // The rows of a slice that lie in one row of tiles: among the tiles' components, whose order is
  // known, those that begin there are neighbours.
  const std::int64_t tasks = tiles_[1] * image_[2];
  const auto each_root = [&](std::int64_t task, const auto& use) {
    const std::int64_t z = task / tiles_[1], y = task % tiles_[1] * tile_[1],
                       first_row = image_[1] * z + y,
                       last_row = image_[1] * z + std::min(image_[1], y + tile_[1]);
    const std::size_t tile = number({0, y, z});
    std::vector<std::size_t> next;
    for (std::size_t i = tile; i < tile + static_cast<std::size_t>(tiles_[0]); ++i)
      next.push_back(static_cast<std::size_t>(
          std::lower_bound(firsts_.begin() + static_cast<std::ptrdiff_t>(starts_[i]) + 1,
                           firsts_.begin() + static_cast<std::ptrdiff_t>(starts_[i + 1]),
                           first_row * image_[0]) -
          firsts_.begin()));
    for (std::int64_t row = first_row; row < last_row; ++row)
      for (std::size_t i = 0; i < next.size(); ++i)
        for (; next[i] < starts_[tile + i + 1] && firsts_[next[i]] < (row + 1) * image_[0];
             ++next[i])
          if (parents_[next[i]] == next[i]) use(next[i]);
  };
  std::vector<Label> before(static_cast<std::size_t>(tasks));
  each(tasks, [&](std::int64_t task) {
    each_root(task, [&](std::size_t) { ++before[static_cast<std::size_t>(task)]; });
  });
  components_ = std::reduce(before.begin(), before.end(), std::uint64_t{0});
  std::exclusive_scan(before.begin(), before.end(), before.begin(), Label{0});
  each(tasks, [&](std::int64_t task) {
    Label number = before[static_cast<std::size_t>(task)];
    each_root(task, [&](std::size_t root) { numbers_[root] = ++number; });
  });
  tbb::parallel_for(tbb::blocked_range<std::size_t>(0, parents_.size()), [&](const auto& range) {
    for (std::size_t i = range.begin(); i < range.end(); ++i) {
      std::size_t root = parents_[i];
      if (root == i) continue;
      while (parents_[root] != root) root = parents_[root];
      numbers_[i] = numbers_[root];
    }
  });
}

void ComponentMerger::relabel_rows(const Index& origin, Image& labels, bool in_whole) const {
  const std::size_t tile = number(origin);
  const Axes at = place(tile), extent = this->extent(at);
  const Label* const numbers = numbers_.data() + starts_[tile];
  const std::size_t known = starts_[tile + 1] - starts_[tile];
  Label* const pixels = labels.pixels<Label>().data();
  tbb::parallel_for(
      tbb::blocked_range<std::int64_t>(0, extent[1] * extent[2],
                                       std::max<std::int64_t>(1, (1 << 15) / extent[0])),
      [&](const auto& rows) {
        std::vector<Run> runs;
        for (std::int64_t row = rows.begin(); row < rows.end(); ++row) {
          const std::int64_t y = row % extent[1], z = row / extent[1];
          Label* const label =
              pixels + (in_whole ? row_in_image(at, y, z) : offset(labels.shape(), 0, y, z));
          if (const Label count = in_whole ? runs_[tile][static_cast<std::size_t>(row)] : 0) {
            const auto* const stored = reinterpret_cast<const Run*>(label);
            runs.assign(stored, stored + count);
            Label begin = 0;
            for (const Run& run : runs) {
              std::fill(label + begin, label + run.end, numbers[run.label]);
              begin = run.end;
            }
            continue;
          }
          const Label most = largest(label, extent[0]);
          if (most == 0) continue;
          if (most >= known) fail_for_other_labels();
          for (std::int64_t x = 0; x < extent[0]; ++x) label[x] = numbers[label[x]];
        }
      });
}

void ComponentMerger::relabel(const Index& origin, Image& labels) const {
  relabel_rows(origin, labels, false);
}

void ComponentMerger::paint(const Index& origin, Image& image) const {
  relabel_rows(origin, image, true);
}

}  // namespace voxelmark
