#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "datasets/tiff.hpp"
#include "validate/figures.hpp"

namespace voxelmark {

/// What two files are taken for.
enum class PairKind { images, masks, labels };

/// How two files are read and compared.
struct PairSettings {
  PairKind kind = PairKind::images;
  MetricOptions metrics;
  std::optional<Spacing> spacing;  ///< from the command line
  TiffSelection selection;
  bool skip_non_finite = false;  ///< leave out pixels that are NaN or infinite on a side
  std::string plots;             ///< folder for pictures, or empty
};

/// A label image of any type as u32. Throws BadInput, with `name`, on values that are no whole
/// numbers from 0 to 2^32 - 1.
Image as_labels(Image image, const std::string& name);

/// The file's spacing, or `chosen`; `from` says which, in words.
struct NamedSpacing {
  Spacing spacing;
  std::string from;
  bool named = true;  ///< by a file or the user
};

/// Throws BadInput where both files name a spacing, and not the same one.
NamedSpacing spacing_of(const Image& reference, const Image& test,
                        const std::optional<Spacing>& chosen);

/// Reads two TIFF files and compares them; draws where settings.plots names a folder, with `name`
/// in front of the pictures' names. Throws BadInput, naming the file, where they cannot be
/// compared.
Figures compare_files(const std::filesystem::path& reference, const std::filesystem::path& test,
                      const PairSettings& settings, const std::string& name = "");

}  // namespace voxelmark
