#pragma once
#include <cstdint>

#include "engines/core/image.hpp"

namespace voxelmark {

/// What is known of stored images before a pixel is read.
struct VolumeInfo {
  Shape shape;              ///< of one frame
  DType dtype = DType::u8;  ///< of every pixel
  Spacing spacing;
  std::int64_t frames = 1;  ///< time points
  Shape chunk;              ///< what is read, or written, as a whole
};

/// Images of one shape, one a time point, that are read a region at a time: none has to fit the
/// memory.
class VolumeReader {
 public:
  virtual ~VolumeReader() = default;
  const VolumeInfo& info() const { return info_; }

  /// Fills `pixels`, of the region's extent and the volume's type, from the region, which lies
  /// within the volume. Several threads may read at once. Throws BadInput, naming the file, where
  /// what is stored is damaged.
  virtual void read(const Region& region, std::int64_t frame, Image& pixels) = 0;

 protected:
  VolumeInfo info_;
};

/// Images of one shape, one a time point, that are written a region at a time.
class VolumeWriter {
 public:
  virtual ~VolumeWriter() = default;
  const VolumeInfo& info() const { return info_; }

  /// Whether an earlier run, which did not come to its end, wrote the whole region.
  virtual bool holds(const Region&, std::int64_t /*frame*/) const { return false; }
  /// Writes the region, which begins at a chunk and ends with one or at the volume's end. Several
  /// threads, and processes, may write different regions at once. Throws BadInput where it cannot
  /// be written; what was written before stays.
  virtual void write(const Region& region, std::int64_t frame, const Image& pixels) = 0;
  /// Marks the volume complete. Until then readers refuse it.
  virtual void finish() = 0;

 protected:
  VolumeInfo info_;
};

}  // namespace voxelmark
