#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "engines/core/image.hpp"

namespace voxelmark {

/// Throws NotMeasurable where labels of 32 bits cannot tell so many components.
void require_labels_for(std::uint64_t components);

/// Joins the connected components of tiles into those of the image. It is shown each tile's labels
/// once and keeps, in memory, where each component begins, which labels meet at seams, and the
/// faces of tiles whose neighbours are still to come: of tiles in order no more than a plane of the
/// image, a row of tiles' sides and one tile's. All of it is known by lists of numbers, so that
/// several processes' can be put together.
class ComponentMerger {
 public:
  using Label = std::uint32_t;

  /// Of an image of shape `image` that is cut into tiles without overlaps, those at its ends
  /// smaller. Neighbours share a face, or differ by at most 1 along each axis.
  ComponentMerger(const Shape& image, const Shape& tile, bool by_faces);

  /// Takes note of the tile that begins at `origin`. `labels` (u32) begins with the tile's, and is
  /// numbered as ConnectedComponents does; beyond the tile it is background. Where there is an
  /// `image` (u32), of the whole, the tile's place there is given what paint() makes labels of. For
  /// several threads, with different tiles. Throws std::runtime_error where labels are numbered
  /// otherwise.
  void add(const Index& origin, const Image& labels, Image* image = nullptr);

  /// All that it knows of the tiles that were added: for another process on the same machines.
  std::string state() const;
  /// Adds what another one, of the same image and tiling, knows of tiles that were not added here.
  void absorb(const std::string& state);

  /// Joins and numbers, after all tiles were added. Throws as require_labels_for.
  void merge();

  /// After merge(): `labels` begins with the own labels of the tile at `origin`, which become those
  /// that ConnectedComponents gives of the whole image. Throws std::runtime_error where these are
  /// not the labels that were added.
  void relabel(const Index& origin, Image& labels) const;
  /// The same in `image`, to which add() gave the tile.
  void paint(const Index& origin, Image& image) const;

  /// Of the image, after merge().
  std::uint64_t components() const { return components_; }
  /// Of the tiles that were added.
  std::uint64_t tile_components() const { return tile_components_; }
  /// Memory that is kept now, and that merge() will take.
  std::size_t bytes() const;

 private:
  /// One of a tile's sides; waits until the tiles beyond it were added.
  struct Face {
    std::shared_ptr<const std::vector<Label>> labels;
    int awaited = 0;
  };
  /// Which labels of two tiles are one component.
  struct Seam {
    std::size_t a, b;
    std::vector<std::pair<Label, Label>> pairs;
  };
  using Axes = std::array<std::int64_t, 3>;

  Axes place(std::size_t tile) const;
  std::size_t number(const Index& origin) const;
  Axes extent(const Axes& place) const;
  void note_first_voxels(std::size_t tile, const Image& labels, Image* image);
  /// The first voxel of a row of a tile, by its offset in the image.
  std::int64_t row_in_image(const Axes& place, std::int64_t y, std::int64_t z) const;
  void note_faces(std::size_t tile, const Image& labels);
  /// `use(direction, other tile)` of each neighbour inside the image.
  template <class Use>
  void each_neighbour(std::size_t tile, const Use& use) const;
  void keep(Seam made);
  Seam seam(std::size_t a, const std::vector<Label>& face_a, std::size_t b,
            const std::vector<Label>& face_b, const Axes& direction) const;
  void join_seams();
  void relabel_rows(const Index& origin, Image& labels, bool in_whole) const;
  void number_components();

  const Axes image_, tile_;
  const bool by_faces_;
  Axes tiles_;  ///< along each axis
  mutable std::mutex mutex_;
  std::map<std::pair<std::size_t, std::size_t>, Face> faces_;  ///< of (tile, 2 * axis + is last)
  std::vector<Seam> seams_;
  std::uint64_t tile_components_ = 0, components_ = 0;
  std::size_t kept_bytes_ = 0;
  std::vector<std::vector<Label>> runs_;  ///< of each tile's rows that stand in the image as runs

  /// Of each tile's components, in their order, the first voxel's offset in the image.
  std::vector<std::vector<std::int64_t>> first_voxels_;
  // After merge(): tile i's label l is at starts_[i] + l, 0 among them.
  std::vector<std::size_t> starts_;
  std::vector<std::int64_t> firsts_;
  std::vector<Label> parents_, numbers_;
};

}  // namespace voxelmark
