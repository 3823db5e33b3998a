#pragma once
#include <vector>

#include "bench/case.hpp"

namespace voxelmark {

/// Generated inputs of an operation: images and masks from the data set, seeds counted on from
/// `seed`; a mask is what exceeds the middle of the image's range; labels are those of generated
/// nuclei.
std::vector<Image> generated_inputs(const Operation& operation, const std::string& dataset,
                                    const Shape& shape, DType dtype, std::uint64_t seed);

/// A task's inputs. Of a file the first one is the file's; the second one is the second file's,
/// else for an image the first one mirrored along x, and for labels those of generated nuclei.
/// Throws BadInput for files that cannot be read or differ in shape.
std::vector<Image> load_inputs(const Task& task);

/// What operations are given: each of the images, which must outlive the use.
std::vector<const Image*> pointers_to(const std::vector<Image>& images);

/// The largest label among the inputs that are labels; 0 where none is.
std::int64_t largest_label(const Operation& operation, const std::vector<const Image*>& inputs);

/// The least and the greatest value of the inputs that are images.
Range range_of_images(const Operation& operation, const std::vector<const Image*>& inputs);

}  // namespace voxelmark
