#include "validate/pair.hpp"

#include <algorithm>
#include <cmath>

#include "engines/core/error.hpp"
#include "engines/core/text.hpp"
#include "validate/method_plots.hpp"
#include "validate/pictures.hpp"

namespace voxelmark {

namespace {

/// Pixels that are finite on both sides, as rows of pixels.
void keep_finite(Image& reference, Image& test) {
  const auto x = reference.pixels<float>(), y = test.pixels<float>();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (std::isfinite(x[i]) && std::isfinite(y[i])) {
      x[kept] = x[i];
      y[kept++] = y[i];
    }
  if (kept == 0) throw BadInput("no pixel is finite in both images: there is nothing to compare");
  const Region row{{}, {static_cast<std::int64_t>(kept), 1, 1}};
  const auto shortened = [&](Image& image) {
    Image result(row.extent, DType::f32);
    std::copy_n(image.pixels<float>().begin(), kept, result.pixels<float>().begin());
    image = std::move(result);
  };
  shortened(reference);
  shortened(test);
}

void require_finite(const Image& image, const std::string& name, const char* advice) {
  const Range range = range_of(image);
  if (range.non_finite > 0)
    throw BadInput(name + " has " + std::to_string(range.non_finite) +
                   " pixels that are NaN or infinite; " + advice);
}

void require_same(const Image& reference, const std::string& reference_name, const Image& test,
                  const std::string& test_name, bool types) {
  if (reference.shape() != test.shape())
    throw BadInput(reference_name + " is " + to_string(reference.shape(), 3) + " voxels, and " +
                   test_name + " " + to_string(test.shape(), 3) +
                   "; only images of one shape can be compared");
  if (types && reference.dtype() != test.dtype())
    throw BadInput(reference_name + " is of type " + to_string(reference.dtype()) + ", and " +
                   test_name + " of type " + to_string(test.dtype()) +
                   "; convert one of them, so that both have one scale of grey levels");
}

}  // namespace

Image as_labels(Image image, const std::string& name) {
  if (image.dtype() == DType::u32) return image;
  if (image.dtype() == DType::f32)
    for (const float value : image.pixels<float>())
      if (!(value >= 0 && value < 0x1p32f && value == std::trunc(value)))
        throw BadInput(name + " holds " + shortest(value) +
                       ", which is no label: labels are whole numbers from 0 to 4294967295");
  return convert(image, DType::u32);
}

NamedSpacing spacing_of(const Image& reference, const Image& test,
                        const std::optional<Spacing>& chosen) {
  if (chosen) return {*chosen, "--spacing", true};
  const Spacing none, a = reference.spacing(), b = test.spacing();
  const auto words = [](const Spacing& s) {
    return shortest(s.x) + "," + shortest(s.y) + "," + shortest(s.z);
  };
  if (a != none && b != none && a != b)
    throw BadInput("the reference's spacing is " + words(a) + " µm, and the test image's " +
                   words(b) + "; say which holds with --spacing x,y,z");
  if (a != none) return {a, "the reference's file"};
  if (b != none) return {b, "the test file"};
  return {none, "1, since the files name none; --spacing x,y,z gives one", false};
}

namespace {

/// With its file's name.
struct NamedImage {
  Image image;
  std::string name;
};

/// Two grey images of one shape and type. Pictures' names begin with `prefix`.
Figures compare_images(NamedImage reference_file, NamedImage test_file,
                       const PairSettings& settings, const std::string& prefix) {
  auto& [reference, reference_name] = reference_file;
  auto& [test, test_name] = test_file;
  const std::int64_t all = reference.shape().voxels();
  const bool draw = !settings.plots.empty();
  Figures pictures;
  if (draw) {
    const std::string file = prefix + "difference.png";
    const auto [slice, scale] = difference_png(file, reference, test);
    pictures.push_back({"pictures.difference",
                        file + ": slice " + std::to_string(slice) +
                            ", test - reference, blue below and red "
                            "above 0, in full colour " +
                            significant(scale, 4) + " grey levels",
                        ""});
  }
  if (settings.skip_non_finite && reference.dtype() == DType::f32) {
    keep_finite(reference, test);
  } else {
    constexpr const char* advice = "--skip-non-finite leaves them out";
    require_finite(reference, reference_name, advice);
    require_finite(test, test_name, advice);
  }
  Figures figures = image_figures(reference, test, settings.metrics);
  const std::int64_t skipped = all - reference.shape().voxels();
  figures.push_back({"skipped", skipped, ""});
  // What is left is a row of pixels: places and windows have no meaning there.
  if (skipped > 0)
    for (Figure& f : figures)
      if (f.key == "first_differing" || f.key == "ssim")
        f = {f.key, nullptr, "pixels were left out"};
  if (draw) draw_images(prefix, reference, test, settings.metrics.paired);
  figures.insert(figures.end(), pictures.begin(), pictures.end());
  return figures;
}

/// 1 in the foreground.
Image foreground(Image image) {
  visit(image.dtype(), [&]<class T>(std::type_identity<T>) {
    for (T& value : image.pixels<T>()) value = value != T{} ? T{1} : T{0};
  });
  return convert(image, DType::u32);
}

/// What is drawn, as a figure.
Figure draw_overlay(const std::string& file, const Image& reference, const Image& test) {
  const OverlayPicture drawn = overlay_png(file, reference, test);
  return {"pictures.overlay",
          file + ": slice " + std::to_string(drawn.slice) +
              ", outlines white on both sides, orange in the reference alone, blue in "
              "the test alone; inside of both green",
          ""};
}

/// Masks or labels of one shape.
Figures compare_objects(NamedImage reference_file, NamedImage test_file,
                        const PairSettings& settings, const NamedSpacing& spacing,
                        const std::string& prefix) {
  auto& [reference, reference_name] = reference_file;
  auto& [test, test_name] = test_file;
  MetricOptions metrics = settings.metrics;
  metrics.boundary.spacing = spacing.spacing;
  metrics.boundary.calibrated = spacing.named;
  const bool masks = settings.kind == PairKind::masks;
  Figures figures;
  if (masks) {
    require_finite(reference, reference_name, "a mask is 0 or another number");
    require_finite(test, test_name, "a mask is 0 or another number");
    figures = mask_figures(reference, test, metrics);
  } else {
    reference = as_labels(std::move(reference), reference_name);
    test = as_labels(std::move(test), test_name);
    figures = label_figures(reference, test, metrics);
  }
  const auto place = std::find_if(figures.begin(), figures.end(),
                                  [](const Figure& f) { return f.key == "spacing_um"; });
  figures.insert(place + 1, {"spacing_from", spacing.from, ""});
  if (settings.plots.empty()) return figures;
  const std::string file = prefix + "overlay.png";
  figures.push_back(
      masks ? draw_overlay(file, foreground(std::move(reference)), foreground(std::move(test)))
            : draw_overlay(file, reference, test));
  return figures;
}

}  // namespace

Figures compare_files(const std::filesystem::path& reference_path,
                      const std::filesystem::path& test_path, const PairSettings& settings,
                      const std::string& name) {
  NamedImage reference{read_tiff(reference_path, settings.selection), reference_path.string()};
  NamedImage test{read_tiff(test_path, settings.selection), test_path.string()};
  const bool images = settings.kind == PairKind::images;
  require_same(reference.image, reference.name, test.image, test.name, images);
  const NamedSpacing spacing = spacing_of(reference.image, test.image, settings.spacing);
  const std::string prefix = (std::filesystem::path(settings.plots) / name).string();
  if (images) return compare_images(std::move(reference), std::move(test), settings, prefix);
  return compare_objects(std::move(reference), std::move(test), settings, spacing, prefix);
}

}  // namespace voxelmark
