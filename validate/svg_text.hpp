#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace voxelmark::plots {

/// The text's characters as XML; each one that XML cannot hold as U+FFFD.
std::vector<std::string> xml_characters(std::string_view text);
std::string joined(const std::vector<std::string>& characters);
std::string escaped(std::string_view text);

constexpr double font_size = 15, small = 13;  // pixels
constexpr double em = 0.64;                   // a character's width, generously: fonts differ

/// What `text` takes at the most, in pixels.
double text_width(std::string_view text, double size);

/// A coordinate, to a hundredth of a pixel.
std::string pixels(double value);

// Numbers as a plot's reader sees them.

/// With a minus sign, and "1e6" for "1e+06".
std::string tidy(std::string_view number);
/// `value` with at most so many significant digits, whole numbers below a million with all.
std::string brief(double value, int digits = 4);
/// "1,234"
std::string grouped(std::size_t count);
/// "1,234 pairs"
std::string pairs_text(std::size_t count);
/// "r = 0.987"; never "1" for what is less.
std::string correlation_text(double r);

}  // namespace voxelmark::plots
