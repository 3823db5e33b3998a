#include "bench/inputs.hpp"

#include <algorithm>

#include "datasets/generators.hpp"
#include "datasets/tiff.hpp"
#include "engines/core/error.hpp"

namespace voxelmark {

namespace {

Image generated_labels(const Shape& shape, std::uint64_t seed) {
  return generate("nuclei", shape, DType::u32, seed);
}

/// 1 above the middle of the image's range, else 0.
Image generated_mask(const std::string& dataset, const Shape& shape, DType dtype,
                     std::uint64_t seed) {
  Image mask = generate(dataset, shape, dtype, seed);
  const Range range = range_of(mask);
  const double middle = (range.minimum + range.maximum) / 2;
  visit(dtype, [&]<class T>(std::type_identity<T>) {
    for (T& value : mask.pixels<T>()) value = static_cast<double>(value) > middle ? T{1} : T{0};
  });
  return mask;
}

Image generated_input(Role role, const std::string& dataset, const Shape& shape, DType dtype,
                      std::uint64_t seed) {
  switch (role) {
    case Role::labels:
      return generated_labels(shape, seed);
    case Role::mask:
      return generated_mask(dataset, shape, dtype_of(role, dtype), seed);
    case Role::image:
      return generate(dataset, shape, dtype, seed);
  }
  throw std::logic_error("no such Role");
}

Image mirrored(const Image& image) {
  Image result = image.clone();
  visit(image.dtype(), [&]<class T>(std::type_identity<T>) {
    const auto pixels = result.pixels<T>();
    for (auto row = pixels.begin(); row != pixels.end(); row += image.shape().x)
      std::reverse(row, row + image.shape().x);
  });
  return result;
}

Image as_type(Image image, DType dtype) {
  return image.dtype() == dtype ? std::move(image) : convert(image, dtype);
}

}  // namespace

std::vector<Image> generated_inputs(const Operation& operation, const std::string& dataset,
                                    const Shape& shape, DType dtype, std::uint64_t seed) {
  std::vector<Image> images;
  for (const Role role : operation.inputs)
    images.push_back(generated_input(role, dataset, shape, dtype, seed + images.size()));
  return images;
}

std::vector<Image> load_inputs(const Task& task) {
  const Operation& operation = *task.operation;
  const Source& source = task.source;
  if (source.file.empty())
    return generated_inputs(operation, source.dataset, task.shape, task.dtype, source.seed);
  std::vector<Image> images;
  for (const Role role : operation.inputs) {
    const DType dtype = dtype_of(role, task.dtype);
    if (images.empty()) {
      images.push_back(as_type(read_tiff(source.file, source.selection), dtype));
    } else if (!source.second_file.empty()) {
      images.push_back(as_type(read_tiff(source.second_file, source.selection), dtype));
      if (images.back().shape() != task.shape)
        throw BadInput(source.second_file + " is " + to_string(images.back().shape(), 3) +
                       " voxels, and " + source.file + " " + to_string(task.shape, 3) +
                       "; both inputs of " + operation.name + " must have one shape");
    } else if (role == Role::image && operation.inputs[0] == Role::image) {
      images.push_back(mirrored(images[0]));
    } else {
      images.push_back(generated_input(role, "noise", task.shape, task.dtype, source.seed));
    }
  }
  return images;
}

std::vector<const Image*> pointers_to(const std::vector<Image>& images) {
  std::vector<const Image*> pointers;
  for (const Image& image : images) pointers.push_back(&image);
  return pointers;
}

std::int64_t largest_label(const Operation& operation, const std::vector<const Image*>& inputs) {
  double largest = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (operation.inputs[i] == Role::labels)
      largest = std::max(largest, range_of(*inputs[i]).maximum);
  return static_cast<std::int64_t>(largest);
}

Range range_of_images(const Operation& operation, const std::vector<const Image*>& inputs) {
  std::optional<Range> all;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (operation.inputs[i] != Role::image) continue;
    const Range range = range_of(*inputs[i]);
    all = all ? Range{std::min(all->minimum, range.minimum), std::max(all->maximum, range.maximum),
                      all->non_finite + range.non_finite}
              : range;
  }
  return all.value_or(Range{});
}

}  // namespace voxelmark
