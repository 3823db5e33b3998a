#pragma once
#include <tiffio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "datasets/tiff.hpp"
#include "engines/core/error.hpp"

namespace voxelmark {

/// The first error that libtiff reports; those after it are its consequences.
struct LibraryError {
  std::array<char, 256> text{};
};

/// What all pages of an image have in common.
struct PageType {
  std::int64_t x = 0, y = 0;
  DType dtype = DType::u8;
  bool is_signed = false;

  /// Not an integer: what a file claims may pass 2^64.
  double bytes() const {
    return static_cast<double>(x) * static_cast<double>(y) * static_cast<double>(bytes_of(dtype));
  }
  std::string text() const {
    return to_string({x, y, 1}, 2) + " " + (is_signed ? "i32" : to_string(dtype));
  }
  bool operator==(const PageType&) const = default;
};

/// An image that holds nothing yet. Throws TooLarge, naming `file`, where memory is short.
Image allocate_pages(const std::string& file, const Shape& shape, DType dtype,
                     const Spacing& spacing = {});

/// A TIFF file whose pages have been counted and checked.
class TiffFile {
 public:
  /// Throws BadInput where it is none, is damaged, or has pixels that are not read.
  explicit TiffFile(const std::filesystem::path& path);
  /// Another handle, for another thread, on a file that has been checked.
  TiffFile(const TiffFile& checked);
  TiffFile& operator=(const TiffFile&) = delete;

  [[noreturn]] void fail(const std::string& why) const { throw BadInput(name() + ": " + why); }
  std::string name() const { return path_.string(); }
  const PageType& type() const { return type_; }
  std::int64_t pages() const { return static_cast<std::int64_t>(directories_.size()); }
  const std::string& description() const { return description_; }
  Spacing resolution() const { return resolution_; }  ///< pixels per unit, in x and y

  /// The form that ImageJ writes past 4 GB: if the pixels of `images` images follow each other
  /// behind the only page's start, they become the pages.
  void expand_to(std::int64_t images);
  /// Reads rows of a page into `to`, x fastest.
  void read_rows(std::int64_t page, std::int64_t first, std::int64_t rows, std::byte* to);
  void read_page(std::int64_t page, std::byte* to) { read_rows(page, 0, type_.y, to); }

 private:
  void open();
  void scan();
  PageType page_type() const;
  double page_ratio() const;
  using Decoder = tmsize_t (*)(TIFF*, std::uint32_t, void*, tmsize_t);
  bool decoded(Decoder decoder, std::uint32_t number, std::byte* to, tmsize_t bytes) const;
  bool read_strips(std::int64_t first, std::int64_t rows, std::byte* to);
  bool read_tiles(std::int64_t first, std::int64_t rows, std::byte* to);
  bool read_raw(std::uint64_t from, std::int64_t rows, std::byte* to) const;
  void require_possible(double bytes) const;

  template <class T>
  T tag(ttag_t name, T otherwise) const {
    T value{};
    return TIFFGetFieldDefaulted(tiff_.get(), name, &value) ? value : otherwise;
  }
  /// Adds libtiff's reason where it gave one.
  [[noreturn]] void fail_with_reason(const std::string& why) const {
    fail(error_.text[0] ? why + " (" + error_.text.data() + ")" : why);
  }
  [[noreturn]] void fail_reading(std::int64_t page) const {
    fail_with_reason("page " + std::to_string(page + 1) +
                     " cannot be read: the file is truncated or damaged");
  }
  std::size_t row_bytes() const {
    return static_cast<std::size_t>(type_.x) * bytes_of(type_.dtype);
  }
  std::size_t page_bytes() const { return row_bytes() * static_cast<std::size_t>(type_.y); }

  std::filesystem::path path_;
  LibraryError error_;
  std::unique_ptr<TIFF, decltype(&TIFFClose)> tiff_{nullptr, &TIFFClose};
  double file_bytes_ = 0;
  double ratio_ = 1;  ///< the largest of all pages
  PageType type_;
  std::vector<std::uint64_t> directories_;   ///< where each page's directory lies in the file
  std::optional<std::uint64_t> raw_pixels_;  ///< where they start, after expand_to
  std::string description_;
  Spacing resolution_;
};

/// A file as the image that its pages make up: of a hyperstack, channels change fastest, then
/// slices, then frames.
class TiffStack {
 public:
  /// Throws as TiffFile does, and where the file's description contradicts its pages.
  explicit TiffStack(const std::filesystem::path& path);

  TiffFile& file() { return file_; }
  std::int64_t slices() const { return slices_; }
  std::int64_t frames() const { return frames_; }
  const Spacing& spacing() const { return spacing_; }

  /// Throws BadInput where there are several channels, or frames, and none is selected, or the
  /// selected one is not there.
  void require_channel(const TiffSelection& selection) const;
  void require_channel_and_frame(const TiffSelection& selection) const;
  std::int64_t page(std::int64_t channel, std::int64_t frame, std::int64_t slice) const {
    return (frame * slices_ + slice) * channels_ + channel;
  }

 private:
  [[noreturn]] void fail_unselected() const;
  void require_one_of(const std::string& name, std::optional<int> number, std::int64_t count) const;

  TiffFile file_;
  std::int64_t channels_ = 1, slices_ = 1, frames_ = 1;
  Spacing spacing_;
};

}  // namespace voxelmark
