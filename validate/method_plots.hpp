#pragma once
#include <filesystem>
#include <span>
#include <string>

#include "engines/core/image.hpp"
#include "validate/paired_agreement.hpp"

namespace voxelmark {

/// Writes bland_altman.svg, scatter.svg and histogram.svg; `prefix` stands in front of the names.
/// Throws BadInput, naming the file, where one cannot be written.
void draw_measurements(const std::filesystem::path& prefix, std::span<const double> reference,
                       std::span<const double> test, const std::string& reference_name,
                       const std::string& test_name, const PairedOptions& options);

/// The same of the pixels of two images of one shape and type.
void draw_images(const std::filesystem::path& prefix, const Image& reference, const Image& test,
                 const PairedOptions& options);

}  // namespace voxelmark
